#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_bimp::{Answer, Frame, Kind, Push, Read, Request};

// The first byte is the number; the rest a body, read as each of the three.
fuzz_target!(|data: &[u8]| {
    let Some((&number, body)) = data.split_first() else {
        return;
    };
    let frame = |kind, request| Frame {
        kind,
        request,
        body: body.to_vec(),
    };
    let number = u16::from(number);
    let request = frame(Kind::request(number), 3);
    if let Read::Known(read) = Request::read(&request, false) {
        assert_eq!(read.to_frame(3), request);
    }
    let answer = frame(Kind::answer(number), 3);
    if let Read::Known(read) = Answer::read(&answer, false) {
        assert_eq!(read.to_frame(3), answer);
    }
    for kind in [Kind::push(number, false), Kind::push(number, true)] {
        let push = frame(kind, 0);
        if let Read::Known(read) = Push::read(&push, false) {
            assert_eq!(read.to_frame(), push);
        }
    }
    let _ = Request::read(&request, true);
});
