#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_bimp::{
    Answer, Authenticated, Binding, Reason, Refusal, RelayId, Server, ServerEvent, Settings,
    limits::{MAX_FRAME, WINDOW},
};

// A stream whose first byte says into which pieces it is cut.
fuzz_target!(|data: &[u8]| {
    let Some((&step, stream)) = data.split_first() else {
        return;
    };
    let binding = Binding {
        genesis: [1; 32],
        exporter: [2; 32],
        relay: RelayId([3; 32]),
    };
    let mut server = Server::new(Settings::default(), binding);
    let mut out = Vec::new();
    for part in stream.chunks(usize::from(step) + 1) {
        let result = server.receive(part);
        while let Some(event) = server.poll() {
            match event {
                ServerEvent::Authenticate { request, .. } => {
                    let answer = Authenticated {
                        clock: 0,
                        retention: 0,
                    };
                    assert_eq!(
                        server.admit(request, answer).is_ok(),
                        server.end().is_none()
                    );
                }
                ServerEvent::Request { request, .. } => {
                    let refusal = Answer::Refused(Refusal::new(Reason::Internal));
                    let answered = server.answer(request, &refusal);
                    assert_eq!(answered.is_ok(), server.end().is_none());
                }
                _ => {}
            }
        }
        out.clear();
        server.transmit(&mut out, 4_096);
        assert!(server.kept() <= WINDOW as usize + MAX_FRAME);
        assert_eq!(result.is_err(), server.end().is_some());
    }
});
