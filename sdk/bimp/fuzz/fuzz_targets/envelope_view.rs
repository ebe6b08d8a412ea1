#![no_main]
use codec::{Decode, Encode};
use libfuzzer_sys::fuzz_target;
use parlance_bimp::{EnvelopeView, Message};

fuzz_target!(|data: &[u8]| {
    if let Some(view) = EnvelopeView::parse(data) {
        let bare = view.without_ticket();
        let same = EnvelopeView::parse(&bare).expect("an envelope");
        assert_eq!((same.id(), same.sealed), (view.id(), view.sealed));
    }
    let mut rest = data;
    if let Ok(message) = Message::decode(&mut rest) {
        assert_eq!(message.encode(), data[..data.len() - rest.len()]);
    }
});
