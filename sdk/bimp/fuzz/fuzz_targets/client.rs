#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_bimp::{
    Client, Probe, Request, Settings,
    limits::{MAX_FRAME, WINDOW},
};

// A stream whose first byte says into which pieces it is cut; the client asks between them.
fuzz_target!(|data: &[u8]| {
    let Some((&step, stream)) = data.split_first() else {
        return;
    };
    let mut client = Client::new(Settings::default());
    let mut out = Vec::new();
    for part in stream.chunks(usize::from(step) + 1) {
        let result = client.receive(part);
        while client.poll().is_some() {}
        let _ = client.request(&Request::Probe(Probe { number: 1 }));
        out.clear();
        client.transmit(&mut out, 4_096);
        assert!(client.kept() <= WINDOW as usize + MAX_FRAME);
        assert_eq!(result.is_err(), client.end().is_some());
    }
});
