//! How does a life end? By SIGKILL, with the machine, or in order.

use super::purchase::{Purchase, Stage};
use super::random::Random;
use super::world::World;
use crate::port::Fact;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// SIGKILL.
    Process,
    /// The plug is pulled.
    Machine,
}

impl World {
    /// The process ends without a word.
    pub(super) async fn die(&mut self, death: Death, random: &mut Random) {
        let Some(mut process) = self.process.take() else { return };
        self.died = Some(death);
        process.clerk.shutdown().await;
        process.work.shutdown().await;
        let hands = std::mem::take(&mut self.desk.lock().hands);
        for lane in [&mut self.first, &mut self.second, &mut self.recovery] {
            match death {
                Death::Process => lane.kill(),
                Death::Machine => lane.unplug(random),
            }
        }
        if death == Death::Machine {
            self.boot += 1;
            self.weather.unplug(random);
        }
        // what the dead process held in memory ends with it, whatever its guards think
        drop(hands);
        drop(process);
    }

    /// The process drains: what is on its way becomes unknown, and everything is written.
    pub(super) async fn stop(&mut self) -> Result<(), String> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        self.died = None;
        process.work.shutdown().await;
        self.drop_hands();
        self.first.flush();
        self.second.flush();
        drop(process.stop);
        match process.clerk.join_next().await {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(format!("the clerk ended by a fault of its own: {error}")),
            None => Err("there is no clerk".to_owned()),
        }
    }

    fn drop_hands(&mut self) {
        let hands = std::mem::take(&mut self.desk.lock().hands);
        let at = self.clock.now().wall;
        for Purchase { request, lane, stage } in hands {
            match stage {
                Stage::Reserved(hold) => {
                    drop(hold);
                    self.gone(request);
                }
                Stage::Written(hold, number) | Stage::Durable(hold, number) => {
                    drop(hold);
                    self.gone(request);
                    self.lane(lane).done(number);
                    let outcome = self.lane(lane).append(Fact::Voided { request, at });
                    self.lane(lane).done(outcome);
                }
                Stage::Sent(sent) => {
                    let outcome = self.lane(lane).append(Fact::Unknown { request, at });
                    sent.unknown();
                    self.lane(lane).done(outcome);
                    self.became_unknown(request);
                }
                Stage::Answered(sent, answer, number) => {
                    self.told((request, lane), sent, answer, number);
                }
            }
        }
    }
}
