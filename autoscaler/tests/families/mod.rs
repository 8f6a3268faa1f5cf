//! Kinds of traffic made from seeds, minute by minute: what recorded traces of these kinds look like, without being one.

/// Minutes in a day.
pub(crate) const MINUTES_A_DAY: u32 = 1440;

/// A kind of traffic.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Family {
    /// Smooth days and weeks, as of an internet provider.
    Provider,
    /// Clicks: days and weeks under counting noise.
    Clicks,
    /// Half-hourly counts of rides, interpolated.
    Rides,
    /// Days with crowds that nothing announces.
    Matches,
    /// Batches of jobs with heavy tails.
    Cluster,
    /// A level that shifts and shifts back.
    Shift,
}

impl Family {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Provider, Self::Clicks, Self::Rides, Self::Matches, Self::Cluster, Self::Shift];

    /// So many days of it, scaled to a mean of 20 shards.
    pub(crate) fn loads(self, seed: u64, days: u32) -> Vec<f64> {
        let mut chance = Chance(seed ^ 0x9e37_79b9_7f4a_7c15);
        let mut noise = Wander::default();
        let mut jobs = vec![0.0_f64; (days * MINUTES_A_DAY) as usize];
        if matches!(self, Self::Cluster) {
            batches(&mut jobs, days, &mut chance);
        }
        let mut loads: Vec<f64> = (0..days * MINUTES_A_DAY)
            .map(|minute| self.load(minute, &mut noise, &mut chance) + jobs[minute as usize])
            .collect();
        let mean = loads.iter().sum::<f64>() / f64::from(days * MINUTES_A_DAY);
        loads.iter_mut().for_each(|load| *load *= 20.0 / mean);
        loads
    }

    fn load(self, minute: u32, noise: &mut Wander, chance: &mut Chance) -> f64 {
        let (day, hour) = (minute / MINUTES_A_DAY, f64::from(minute % MINUTES_A_DAY) / 60.0);
        let weekend = if day % 7 >= 5 { 0.75 } else { 1.0 };
        match self {
            Self::Provider => weekend * course(hour, 0.55, 20.0) * noise.next(0.97, 0.05, chance).exp(),
            Self::Clicks => {
                let mean = 300.0 * weekend * course(hour, 0.7, 16.0) * noise.next(0.95, 0.1, chance).exp();
                mean + mean.sqrt() * chance.normal()
            }
            Self::Rides => {
                let slow = f64::from(minute / 30) / 2.0 % 24.0;
                (course(slow, 0.75, 19.0) * noise.next(0.995, 0.08, chance).exp()).max(0.05)
            }
            Self::Matches => {
                course(hour, 0.5, 18.0) * noise.next(0.95, 0.08, chance).exp() * crowd(day, hour)
            }
            Self::Cluster => 5.0,
            Self::Shift => {
                let level = if (4..7).contains(&day) { 3.0 } else { 1.0 };
                level * course(hour, 0.3, 15.0) * noise.next(0.95, 0.1, chance).exp()
            }
        }
    }
}

/// The course of a day: one hump, and a smaller one in the evening.
fn course(hour: f64, height: f64, peak: f64) -> f64 {
    let turn = |at: f64, period: f64| ((hour - at) / period * std::f64::consts::TAU).cos();
    1.0 + height * turn(peak, 24.0) + 0.15 * turn(20.0, 12.0)
}

/// Five times the traffic for two hours of every fourth evening, after a rise of half an hour.
fn crowd(day: u32, hour: f64) -> f64 {
    let since = hour - 19.0;
    match () {
        () if day % 4 != 3 || since < -0.5 => 1.0,
        () if since < 0.0 => 1.0 + 4.0 * (1.0 + since / 0.5),
        () if since < 2.0 => 5.0,
        () => 1.0 + 4.0 * (-(since - 2.0) / 0.5).exp(),
    }
}

fn batches(jobs: &mut [f64], days: u32, chance: &mut Chance) {
    for _ in 0..days * 140 {
        let start = chance.below(jobs.len());
        let length = (15.0 * chance.uniform().max(1e-3).powf(-0.7)).min(3_000.0);
        let size = (0.8 * chance.normal()).exp();
        jobs.iter_mut()
            .skip(start)
            .zip(0..)
            .take_while(|(_, at)| f64::from(*at) < length)
            .for_each(|(job, _)| *job += size);
    }
}

/// Noise that remembers.
#[derive(Default)]
struct Wander(f64);

impl Wander {
    fn next(&mut self, memory: f64, size: f64, chance: &mut Chance) -> f64 {
        self.0 = memory * self.0 + (1.0 - memory * memory).sqrt() * size * chance.normal();
        self.0
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): chance from a seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to 1.
    fn uniform(&mut self) -> f64 {
        let [high, low] =
            [32, 0].map(|shift| u32::try_from((self.next() >> shift) & 0xffff_ffff).unwrap_or(0));
        (f64::from(high) + f64::from(low) / 4_294_967_296.0) / 4_294_967_296.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).unwrap_or(0)
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().max(1e-300).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
