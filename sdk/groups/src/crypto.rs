//! The cryptography that openmls is given.
//!
//! - **C1** All of it is libcrux, but for SHA-256 and what is built of it (HMAC, HKDF): that is RustCrypto's, which
//!   uses the processor's instructions for it where there are any. The bytes are the same.
//! - **C2** Making a Welcome, every new member's secrets are sealed with HPKE under the same *info*, the encrypted
//!   group information (RFC 9420 §12.4.3.1), which may have the tree inside (I2). The key schedule of HPKE begins with its hash
//!   (RFC 9180 §5.1). It is public and the same for all, so if it is long it is kept from one seal to the next.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use hpke_rs::{Hpke, HpkeError, HpkePrivateKey, HpkePublicKey, Mode};
use hpke_rs_crypto::{
    HpkeCrypto,
    error::Error as HpkeCryptoError,
    types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm},
};
use hpke_rs_libcrux::HpkeLibcrux;
use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{
        AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeAeadType, HpkeCiphertext,
        HpkeConfig, HpkeKdfType, HpkeKemType, HpkeKeyPair, KemOutput, SignatureScheme,
    },
};
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// Length of keying material from which on its extract is kept (C2): far more than any secret has.
const LONG: usize = 16_384;

thread_local! {
    /// The last long keying material without salt, and what HKDF extracts of it.
    static EXTRACTED: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// What openmls computes with (C1).
pub(crate) struct Crypto {
    libcrux: CryptoProvider,
}

impl Crypto {
    pub(crate) fn new() -> Result<Self, CryptoError> {
        let libcrux = CryptoProvider::new()?;
        Ok(Self { libcrux })
    }

    /// Random bytes.
    pub(crate) fn rand(&self) -> &CryptoProvider {
        &self.libcrux
    }

    /// Frees what is kept for the seals of one Welcome (C2).
    pub(crate) fn forget() {
        EXTRACTED.take();
    }
}

impl OpenMlsCrypto for Crypto {
    fn supports(&self, ciphersuite: Ciphersuite) -> Result<(), CryptoError> {
        self.libcrux.supports(ciphersuite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.libcrux.supported_ciphersuites()
    }

    fn hkdf_extract(
        &self,
        hash: HashType,
        salt: &[u8],
        ikm: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        match hash {
            HashType::Sha2_256 => Ok(extract(salt, ikm).into()),
            _ => self.libcrux.hkdf_extract(hash, salt, ikm),
        }
    }

    fn hmac(
        &self,
        hash: HashType,
        key: &[u8],
        message: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        let HashType::Sha2_256 = hash else {
            return self.libcrux.hmac(hash, key, message);
        };
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec().into())
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        length: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        match hash {
            HashType::Sha2_256 => Ok(expand(prk, info, length)?.into()),
            _ => self.libcrux.hkdf_expand(hash, prk, info, length),
        }
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match hash {
            HashType::Sha2_256 => Ok(Sha256::digest(data).to_vec()),
            _ => self.libcrux.hash(hash, data),
        }
    }

    fn aead_encrypt(
        &self,
        algorithm: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.aead_encrypt(algorithm, key, data, nonce, aad)
    }

    fn aead_decrypt(
        &self,
        algorithm: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.aead_decrypt(algorithm, key, data, nonce, aad)
    }

    fn signature_key_gen(
        &self,
        scheme: SignatureScheme,
    ) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        self.libcrux.signature_key_gen(scheme)
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        key: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.libcrux.verify_signature(scheme, data, key, signature)
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        key: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.sign(scheme, data, key)
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
        data: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        let Some(mut hpke) = hpke(&config) else {
            return self.libcrux.hpke_seal(config, key, info, aad, data);
        };
        let key = HpkePublicKey::new(key.to_vec());
        let sealed = hpke.seal(&key, info, aad, data, None, None, None);
        let (kem_output, ciphertext) = sealed.map_err(|error| match error {
            HpkeError::InvalidConfig => CryptoError::SenderSetupError,
            _ => CryptoError::HpkeEncryptionError,
        })?;
        Ok(HpkeCiphertext {
            kem_output: kem_output.into(),
            ciphertext: ciphertext.into(),
        })
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let Some(hpke) = hpke(&config) else {
            return self.libcrux.hpke_open(config, input, key, info, aad);
        };
        let key = HpkePrivateKey::new(key.to_vec());
        let (sealed, data) = (input.kem_output.as_slice(), input.ciphertext.as_slice());
        let opened = hpke.open(sealed, &key, info, aad, data, None, None, None);
        // A device opens one part of a Welcome.
        Self::forget();
        opened.map_err(|error| match error {
            HpkeError::InvalidConfig => CryptoError::ReceiverSetupError,
            _ => CryptoError::HpkeDecryptionError,
        })
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        self.libcrux
            .hpke_setup_sender_and_export(config, key, info, context, length)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        sealed: &[u8],
        key: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        self.libcrux
            .hpke_setup_receiver_and_export(config, sealed, key, info, context, length)
    }

    fn derive_hpke_keypair(
        &self,
        config: HpkeConfig,
        ikm: &[u8],
    ) -> Result<HpkeKeyPair, CryptoError> {
        self.libcrux.derive_hpke_keypair(config, ikm)
    }
}

/// HPKE of the suites here; none for another one.
fn hpke(HpkeConfig(kem, kdf, aead): &HpkeConfig) -> Option<Hpke<Sha256Hpke>> {
    let kem = match kem {
        HpkeKemType::DhKem25519 => KemAlgorithm::DhKem25519,
        HpkeKemType::XWingKemDraft6 => KemAlgorithm::XWingDraft06,
        _ => return None,
    };
    match (kdf, aead) {
        (HpkeKdfType::HkdfSha256, HpkeAeadType::ChaCha20Poly1305) => Some(Hpke::new(
            Mode::Base,
            kem,
            KdfAlgorithm::HkdfSha256,
            AeadAlgorithm::ChaCha20Poly1305,
        )),
        _ => None,
    }
}

/// HKDF-Extract with SHA-256 (RFC 5869 §2.2).
fn extract(salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    Hkdf::<Sha256>::extract(Some(salt), ikm).0.to_vec()
}

/// HKDF-Expand with SHA-256 (RFC 5869 §2.3).
fn expand(prk: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>, CryptoError> {
    let hkdf = Hkdf::<Sha256>::from_prk(prk).map_err(|_| CryptoError::InvalidLength)?;
    let mut key = vec![0; length];
    hkdf.expand(info, &mut key)
        .map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
    Ok(key)
}

/// The same as [`extract`] without salt, computed once for the same long material (C2).
fn extract_long(ikm: &[u8]) -> Vec<u8> {
    EXTRACTED.with_borrow_mut(|(last, extracted)| {
        if last.as_slice() != ikm {
            *extracted = extract(&[], ikm);
            *last = ikm.to_vec();
        }
        extracted.clone()
    })
}

/// libcrux with another SHA-256, as HPKE asks for it (C1).
#[derive(Debug)]
struct Sha256Hpke;

type Pair = (Vec<u8>, Vec<u8>);
type Hpked<T> = Result<T, HpkeCryptoError>;

impl HpkeCrypto for Sha256Hpke {
    type HpkePrng = <HpkeLibcrux as HpkeCrypto>::HpkePrng;

    fn name() -> String {
        HpkeLibcrux::name()
    }

    fn supports_kdf(algorithm: KdfAlgorithm) -> Hpked<()> {
        HpkeLibcrux::supports_kdf(algorithm)
    }

    fn supports_kem(algorithm: KemAlgorithm) -> Hpked<()> {
        HpkeLibcrux::supports_kem(algorithm)
    }

    fn supports_aead(algorithm: AeadAlgorithm) -> Hpked<()> {
        HpkeLibcrux::supports_aead(algorithm)
    }

    fn prng() -> Self::HpkePrng {
        HpkeLibcrux::prng()
    }

    fn kdf_extract(algorithm: KdfAlgorithm, salt: &[u8], ikm: &[u8]) -> Hpked<Vec<u8>> {
        match algorithm {
            // HMAC fills its key up with zeros: no salt is the same as one zero.
            KdfAlgorithm::HkdfSha256 if matches!(salt, [] | [0]) && ikm.len() >= LONG => {
                Ok(extract_long(ikm))
            }
            KdfAlgorithm::HkdfSha256 => Ok(extract(salt, ikm)),
            _ => HpkeLibcrux::kdf_extract(algorithm, salt, ikm),
        }
    }

    fn kdf_expand(
        algorithm: KdfAlgorithm,
        prk: &[u8],
        info: &[u8],
        length: usize,
    ) -> Hpked<Vec<u8>> {
        match algorithm {
            KdfAlgorithm::HkdfSha256 => expand(prk, info, length)
                .map_err(|error| HpkeCryptoError::CryptoLibraryError(error.to_string())),
            _ => HpkeLibcrux::kdf_expand(algorithm, prk, info, length),
        }
    }

    fn dh(algorithm: KemAlgorithm, public: &[u8], secret: &[u8]) -> Hpked<Vec<u8>> {
        HpkeLibcrux::dh(algorithm, public, secret)
    }

    fn secret_to_public(algorithm: KemAlgorithm, secret: &[u8]) -> Hpked<Vec<u8>> {
        HpkeLibcrux::secret_to_public(algorithm, secret)
    }

    fn kem_key_gen(algorithm: KemAlgorithm, random: &mut Self::HpkePrng) -> Hpked<Pair> {
        HpkeLibcrux::kem_key_gen(algorithm, random)
    }

    fn kem_key_gen_derand(algorithm: KemAlgorithm, seed: &[u8]) -> Hpked<Pair> {
        HpkeLibcrux::kem_key_gen_derand(algorithm, seed)
    }

    fn kem_encaps(
        algorithm: KemAlgorithm,
        public: &[u8],
        random: &mut Self::HpkePrng,
    ) -> Hpked<Pair> {
        HpkeLibcrux::kem_encaps(algorithm, public, random)
    }

    fn kem_decaps(algorithm: KemAlgorithm, sealed: &[u8], secret: &[u8]) -> Hpked<Vec<u8>> {
        HpkeLibcrux::kem_decaps(algorithm, sealed, secret)
    }

    fn dh_validate_sk(algorithm: KemAlgorithm, secret: &[u8]) -> Hpked<Vec<u8>> {
        HpkeLibcrux::dh_validate_sk(algorithm, secret)
    }

    fn aead_seal(
        algorithm: AeadAlgorithm,
        key: &[u8],
        nonce: &[u8],
        aad: &[u8],
        data: &[u8],
    ) -> Hpked<Vec<u8>> {
        HpkeLibcrux::aead_seal(algorithm, key, nonce, aad, data)
    }

    fn aead_open(
        algorithm: AeadAlgorithm,
        key: &[u8],
        nonce: &[u8],
        aad: &[u8],
        data: &[u8],
    ) -> Hpked<Vec<u8>> {
        HpkeLibcrux::aead_open(algorithm, key, nonce, aad, data)
    }
}

#[cfg(test)]
mod tests;
