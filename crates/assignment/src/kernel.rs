//! Loops that are worth vectors, compiled for more than one kind of processor.
//!
//! The only unsafe code of this crate: the call of a function for a processor that was looked for
//! just before, which takes the feature `std`, and a hint to it. Without that, and elsewhere, the same
//! loops run as they are, for the processor that the build is for.

/// A loop over slices. [`vectorised`] runs it as the processor can do it best.
pub(crate) trait Kernel {
    type Output;

    /// Must be `#[inline(always)]`, and so must all it calls.
    fn run(self) -> Self::Output;
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[allow(unsafe_code, reason = "functions for a processor that was looked for before the call")]
pub(crate) fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
    fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }
    #[target_feature(enable = "avx2")]
    fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }
    let has_avx512 = std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512vl");
    if has_avx512 {
        // SAFETY: the processor has what the function is compiled for.
        unsafe { with_avx512(kernel) }
    } else if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        unsafe { with_avx2(kernel) }
    } else {
        kernel.run()
    }
}

#[cfg(not(all(feature = "std", target_arch = "x86_64")))]
pub(crate) fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// Asks the processor to fetch what is so many elements further on, which may be beyond the slice: into the
/// second cache, since the first is taken up by what is looked at now.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "a hint, which may name any address")]
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], ahead: usize) {
    use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    // SAFETY: nothing is read; an address that is nobody's is passed over.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(slice.as_ptr().wrapping_add(ahead).cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn prefetch<T>(_: &[T], _: usize) {}
