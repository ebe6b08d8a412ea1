//! What authors know about finality, as an inherent.
//!
//! Nobody can check another author's statement, so no block is refused over it. An author that states
//! nonsense moves nothing: the rule takes the median over an epoch.

use crate::{Call, Config, Error, FinalityNotedAt, Lags, Pallet};
use frame_support::inherent::{InherentData, IsFatalError};
use frame_support::{ensure, pallet_prelude::*};
use frame_system::pallet_prelude::BlockNumberFor;
use parlance_primitives::{BlockNumber, vdpos::INHERENT_IDENTIFIER};
use sp_runtime::traits::{One, SaturatedConversion, Saturating};

/// Errors of the inherent: there are none, see the module.
#[derive(Debug, Encode)]
pub enum InherentError {}

impl IsFatalError for InherentError {
    fn is_fatal_error(&self) -> bool {
        match *self {}
    }
}

/// The call for the block under construction, if the node told a height.
pub fn create<T: Config>(data: &InherentData) -> Option<Call<T>> {
    let height = data
        .get_data::<BlockNumber>(&INHERENT_IDENTIFIER)
        .ok()
        .flatten()?;
    // A node that imports faster than it builds may know more than the block's own chain.
    let height = BlockNumberFor::<T>::from(height).min(parent::<T>());
    Some(Call::note_finalized { height })
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_note_finalized(height: BlockNumberFor<T>) -> DispatchResult {
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(
            FinalityNotedAt::<T>::get() != Some(now),
            Error::<T>::FinalityNotedBefore
        );
        ensure!(height <= parent::<T>(), Error::<T>::FinalityAhead);
        FinalityNotedAt::<T>::put(now);
        Lags::<T>::mutate(|lags| lags.note((parent::<T>() - height).saturated_into()));
        Ok(())
    }
}

/// Height of the parent of the block under execution.
fn parent<T: Config>() -> BlockNumberFor<T> {
    frame_system::Pallet::<T>::block_number().saturating_sub(One::one())
}
