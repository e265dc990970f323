//! All simple commands of a script, whether they run or not.

use super::{Command, LoopHead, Script, Simple};

impl Script {
    /// Its simple commands in the order of the text; those of `$( … )` are left out.
    pub fn simple_commands(&self) -> Vec<&Simple> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'s>(&'s self, found: &mut Vec<&'s Simple>) {
        for command in self.steps.iter().flat_map(|step| &step.pipeline.commands) {
            match command {
                Command::Simple(simple) => found.push(simple),
                Command::Group(group) => group.body.collect(found),
                Command::If(branching) => {
                    for (condition, body) in &branching.branches {
                        condition.collect(found);
                        body.collect(found);
                    }
                    branching.otherwise.iter().for_each(|script| script.collect(found));
                }
                Command::Loop(repeated) => {
                    if let LoopHead::While(condition) | LoopHead::Until(condition) = &repeated.head {
                        condition.collect(found);
                    }
                    repeated.body.collect(found);
                }
            }
        }
    }
}
