//! MD5 of many independent inputs at once.
//!
//! The producer needs an MD5 per partition key, for the shard that owns it, and one per aggregate, for its checksum.
//! One MD5 is a chain of 64 dependent steps, so a core that computes one at a time mostly waits. Here each lane of a
//! vector register works on an input of its own, and two registers' worth of lanes take turns, so that one chain's
//! latency hides the other's: AVX-512 has 32 lanes, AVX2 16, NEON 8. What a processor lacks is found out at run time,
//! and then the `md-5` crate does the work.
//!
//! **Invariant**: every kernel gives what the `md-5` crate gives, for every input. It is a property test, and a kernel
//! proves itself on a few inputs before a process uses it at all, for processors no test ever ran on.

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod lanes;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod steps;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use ::md5::{Digest, Md5};

/// An MD5 digest.
pub type Md5Digest = [u8; 16];

/// A way to compute digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// One input after another, by the `md-5` crate.
    Scalar,
    /// 16 inputs in turn, two registers of eight.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 32 inputs in turn, two registers of sixteen.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// Eight inputs in turn, two registers of four.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Kernel {
    /// The kernels this processor has, the fastest first; the scalar one is always the last.
    pub fn available() -> Vec<Self> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                kernels.push(Self::Avx512);
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                kernels.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            kernels.push(Self::Neon);
        }
        kernels.push(Self::Scalar);
        kernels
    }

    /// The fastest kernel of this processor that proves itself; found out once.
    pub fn fastest() -> Self {
        static FASTEST: OnceLock<Kernel> = OnceLock::new();
        *FASTEST.get_or_init(|| {
            Self::available().into_iter().find(|kernel| kernel.proves_itself()).unwrap_or(Self::Scalar)
        })
    }

    /// Digests every input and gives each with its place in `inputs`, in an order of the kernel's own.
    pub fn digest_each<I: AsRef<[u8]>>(self, inputs: &[I], mut give: impl FnMut(usize, Md5Digest)) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if inputs.len() > 1 => lanes::run::<32, _>(x86::avx512, inputs, &mut give),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if inputs.len() > 1 => lanes::run::<16, _>(x86::avx2, inputs, &mut give),
            #[cfg(target_arch = "aarch64")]
            Self::Neon if inputs.len() > 1 => lanes::run::<8, _>(aarch64::neon, inputs, &mut give),
            // A lone input would have the other lanes work for nothing.
            _ => {
                for (index, input) in inputs.iter().enumerate() {
                    give(index, digest(input.as_ref()));
                }
            }
        }
    }

    /// Whether it agrees with the scalar kernel on inputs of every padding, in more lanes than it has.
    fn proves_itself(self) -> bool {
        let bytes: Vec<u8> = (0..200_u8).collect();
        let inputs: Vec<_> = (0..bytes.len()).map(|length| &bytes[..length]).collect();
        let mut right = 0;
        self.digest_each(&inputs, |index, found| right += usize::from(found == digest(inputs[index])));
        right == inputs.len()
    }
}

/// The MD5 of one input.
pub fn digest(input: &[u8]) -> Md5Digest {
    Md5::digest(input).into()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn all(kernel: Kernel, inputs: &[Vec<u8>]) -> Vec<Option<Md5Digest>> {
        let mut found = vec![None; inputs.len()];
        kernel.digest_each(inputs, |index, digest| {
            assert_eq!(found[index].replace(digest), None, "input {index} was given twice");
        });
        found
    }

    proptest! {
        #[test]
        fn every_kernel_gives_what_the_scalar_one_gives(
            inputs in vec(prop_oneof![vec(any::<u8>(), 0..70), vec(any::<u8>(), 0..400)], 0..80),
        ) {
            let expected: Vec<_> = inputs.iter().map(|input| Some(digest(input))).collect();
            for kernel in Kernel::available() {
                prop_assert_eq!(all(kernel, &inputs), expected.clone(), "{:?}", kernel);
            }
        }
    }

    #[test]
    fn every_length_around_the_padding_is_right_in_every_kernel() {
        let inputs: Vec<Vec<u8>> = (0..=260).map(|length| vec![0xA5; length]).collect();
        for kernel in Kernel::available() {
            for (input, found) in inputs.iter().zip(all(kernel, &inputs)) {
                assert_eq!(found, Some(digest(input)), "{kernel:?}, {} bytes", input.len());
            }
        }
    }

    #[test]
    fn a_long_input_among_short_ones_holds_up_only_its_own_lane() {
        let mut inputs = vec![vec![1; 20]; 100];
        inputs[3] = vec![7; 51_200];
        for kernel in Kernel::available() {
            let found = all(kernel, &inputs);
            assert!(
                inputs.iter().zip(&found).all(|(input, found)| *found == Some(digest(input))),
                "{kernel:?}"
            );
        }
    }

    #[test]
    fn the_fastest_kernel_is_the_first_that_this_processor_has() {
        assert_eq!(Kernel::fastest(), Kernel::available()[0]);
        assert_eq!(Kernel::available().last(), Some(&Kernel::Scalar));
    }
}
