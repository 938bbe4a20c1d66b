//! A team of threads in one process, for tests.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};

use super::Team;

/// Runs `work` as every rank of a team and gives what it gave, by rank.
pub(crate) fn on_threads<T: Send>(size: usize, work: impl Fn(&dyn Team) -> T + Sync) -> Vec<T> {
    let hall = Hall {
        barrier: Barrier::new(size),
        down: (0..size).map(|_| line()).collect(),
        up: (0..size).map(|_| line()).collect(),
    };
    std::thread::scope(|scope| {
        let (hall, work) = (&hall, &work);
        let ranks: Vec<_> =
            (0..size).map(|rank| scope.spawn(move || work(&Member { rank, size, hall }))).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

type Line = (Mutex<Sender<Vec<u8>>>, Mutex<Receiver<Vec<u8>>>);

fn line() -> Line {
    let (sender, receiver) = channel();
    (Mutex::new(sender), Mutex::new(receiver))
}

/// What all ranks share: a line to each rank from rank 0, and one back.
struct Hall {
    barrier: Barrier,
    down: Vec<Line>,
    up: Vec<Line>,
}

struct Member<'a> {
    rank: usize,
    size: usize,
    hall: &'a Hall,
}

fn send(line: &Line, bytes: Vec<u8>) {
    line.0.lock().unwrap().send(bytes).unwrap();
}

fn receive(line: &Line) -> Vec<u8> {
    line.1.lock().unwrap().recv().unwrap()
}

impl Team for Member<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn barrier(&self) {
        self.hall.barrier.wait();
    }

    fn scatter(&self, parts: Vec<Vec<u8>>) -> Vec<u8> {
        if self.rank == 0 {
            assert_eq!(parts.len(), self.size, "one part per rank");
            self.hall.down.iter().zip(parts).for_each(|(line, part)| send(line, part));
        }
        receive(&self.hall.down[self.rank])
    }

    fn gather(&self, part: Vec<u8>) -> Vec<Vec<u8>> {
        send(&self.hall.up[self.rank], part);
        if self.rank == 0 { self.hall.up.iter().map(receive).collect() } else { Vec::new() }
    }
}
