//! Where fees and tips go.

use core::marker::PhantomData;
use frame_support::traits::{
    Get, Imbalance, OnUnbalanced,
    fungible::{Balanced, Credit},
};

use crate::{Config, FeeRule, Fees, LOG_TARGET};

type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;

/// Gives the fee of a transaction to whom the [`FeeRule`] names, and the tip to the block's author.
///
/// For `pallet_transaction_payment::FungibleAdapter<Balances, DealWithFees<Runtime>>`, which hands over
/// the fee first and the tip second. What nobody can take is burnt: no author is known, or the account
/// does not exist and the amount is below the least balance.
pub struct DealWithFees<T>(PhantomData<T>);

impl<T: Config> OnUnbalanced<CreditOf<T>> for DealWithFees<T> {
    fn on_unbalanceds(mut fee_then_tip: impl Iterator<Item = CreditOf<T>>) {
        if let Some(fee) = fee_then_tip.next() {
            Self::on_unbalanced(fee);
        }
        for tip in fee_then_tip {
            give::<T>(T::Author::get(), tip);
        }
    }

    fn on_nonzero_unbalanced(fee: CreditOf<T>) {
        let receiver = match Fees::<T>::get() {
            FeeRule::Author => T::Author::get(),
            FeeRule::Account(account) => Some(account),
        };
        give::<T>(receiver, fee);
    }
}

/// Pays a credit out; dropping it burns it.
fn give<T: Config>(receiver: Option<T::AccountId>, credit: CreditOf<T>) {
    let refused = match receiver {
        Some(who) => T::Currency::resolve(&who, credit).err(),
        None => Some(credit),
    };
    if let Some(burnt) = refused.filter(|credit| credit.peek() > 0) {
        log::debug!(target: LOG_TARGET, "nobody takes a fee of {} units: burnt", burnt.peek());
    }
}
