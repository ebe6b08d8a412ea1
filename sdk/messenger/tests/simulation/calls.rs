//! What lies between devices that call each other.

use crate::world::{Event, World};
use parlance_e2ee::DeviceAddress;
use parlance_messenger::{Input, Reach};

/// A call on its way, and who made it.
#[derive(Clone, Copy)]
pub struct Call {
    pub by: usize,
    /// The caller's process.
    pub life: u64,
    pub ask: u64,
}

impl World {
    /// A device says that it can be called.
    pub fn appears(&mut self, device: usize) {
        if self.plan.direct {
            let endpoint = [device as u8; 32];
            let reach = Reach::new(endpoint, [], Some("http://relay.example"));
            self.input(device, Input::Reach(Some(reach)));
        }
    }

    pub fn offer(&mut self, by: usize, to: DeviceAddress, ask: u64, envelope: Vec<u8>) {
        let people = self.people.iter();
        let called = people.clone().position(|it| it.address() == to).unwrap();
        let life = self.people[by].life;
        let call = Call { by, life, ask };
        let faulty = self.faulty() && self.plan.kills;
        match self.below(20) {
            0..4 if faulty => {
                let delay = 100 + self.below(2_500);
                self.after(delay, Event::Unreached(call, to));
            }
            // Nobody hears of it.
            4 if faulty => {}
            5 if faulty => {
                let delay = 1_500 + self.below(1_500);
                self.after(delay, Event::Call(call, called, envelope));
            }
            6 if faulty => {
                for _ in 0..2 {
                    let delay = 1 + self.below(40);
                    self.after(delay, Event::Call(call, called, envelope.clone()));
                }
            }
            _ => {
                let delay = 1 + self.below(30);
                self.after(delay, Event::Call(call, called, envelope));
            }
        }
    }

    pub fn call(&mut self, call: Call, called: usize, envelope: Vec<u8>) {
        let from = self.people[call.by].address();
        if self.people[called].engine.is_none() {
            let delay = 300 + self.below(2_500);
            let to = self.people[called].address();
            return self.after(delay, Event::Unreached(call, to));
        }
        let number = self.calls.len() as u64;
        self.calls.push(call);
        let call = number;
        self.input(
            called,
            Input::Called {
                call,
                from,
                envelope,
            },
        );
    }

    pub fn took(&mut self, number: u64, taken: bool) {
        let call = self.calls[number as usize];
        let faulty = self.faulty() && self.plan.kills;
        let delay = match self.below(10) {
            0 if faulty => return,
            1 if faulty => 1_500 + self.below(1_500),
            _ => 1 + self.below(30),
        };
        self.after(delay, Event::Taken(call, taken));
    }

    pub fn taken(&mut self, call: Call, taken: bool) {
        if self.people[call.by].life == call.life {
            let ask = call.ask;
            self.input(call.by, Input::Offered { ask, taken });
        }
    }

    pub fn unreached(&mut self, call: Call, device: DeviceAddress) {
        if self.people[call.by].life == call.life {
            self.input(call.by, Input::Unreached { device });
        }
    }
}
