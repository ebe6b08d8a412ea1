//! All bounds and times in one place. Times are milliseconds unless they say otherwise.

/// After this without an answer another relay is asked. It doubles with each round through all relays.
pub const PATIENCE: u64 = 350;
/// The longest patience, and the longest rest after refusals.
pub const LONGEST_PATIENCE: u64 = 5_600;
/// A relay that was silent or refused is not chosen for so long.
pub const AVOID: u64 = 1_500;
/// An ingress relay that takes no more is left alone so long at most: about a period of Proof of Relay.
pub const LONGEST_PAUSE: u64 = 300_000;
/// Between two signs of life that are asked for while a person waits.
pub const PING: u64 = 200;
/// After this without a sign of life the device subscribes elsewhere, while a person waits.
pub const SILENCE: u64 = 600;
/// [`PING`] while nobody waits.
pub const CALM_PING: u64 = 15_000;
/// [`SILENCE`] while nobody waits.
pub const CALM_SILENCE: u64 = 40_000;
/// An answer that comes later than this is not waited for.
pub const ANSWER_LIFE: u64 = 30_000;

/// A message that came too early waits so long for those before it, then they are asked for, then it waits as long
/// again.
pub const HOLD: u64 = 30_000;
/// So long a text of a group waits for what its author had read before (rule B4).
pub const PAST_WAIT: u64 = 5_000;
/// The same in a conversation of two, where nobody else has to copy anything.
pub const PAST_WAIT_OF_TWO: u64 = 2_000;
/// Texts that wait for others before them.
pub const MAX_WAITS: usize = 1_000;
/// Texts of a conversation of which is known that something before them is missing.
pub const MAX_MARKS: usize = 64;
/// Between two looks for the same account that brought nothing; doubles up to [`LONGEST_LOOK_PAUSE`].
pub const LOOK_PAUSE: u64 = 2_000;
/// See [`LOOK_PAUSE`].
pub const LONGEST_LOOK_PAUSE: u64 = 60_000;
/// A look that is not answered within this time is asked for again.
pub const LOOK_LIFE: u64 = 30_000;
/// Rest after all relays of a set said that a device has no prekeys.
pub const PREKEY_PAUSE: u64 = 10_000;
/// Between two renewals of the session with one device.
pub const RENEWAL_PAUSE: u64 = 60_000;

/// One-time prekeys that this device keeps on each relay of its set.
pub const PREKEYS_PER_RELAY: u32 = 40;
/// When fewer are left on a relay it gets more.
pub const PREKEYS_LOW: u32 = 15;
/// Between two looks at how many are left on a relay.
pub const PREKEY_CHECK: u64 = 3_600_000;
/// Age of a signed prekey when it is replaced.
pub const ROTATION: u64 = 7 * 86_400_000;

/// Messages on their way to relays at the same time.
pub const IN_FLIGHT: usize = 32;
/// Messages for one device that were sent and not confirmed at the same time: what the reader can hold, and less than
/// what a ratchet bridges.
pub const UNCONFIRMED: usize = 500;
/// What relays have accepted and a device that is there does not confirm within this time is sent again; it doubles up to
/// [`LONGEST_CONFIRM_WAIT`].
pub const CONFIRM_WAIT: u64 = 60_000;
/// See [`CONFIRM_WAIT`].
pub const LONGEST_CONFIRM_WAIT: u64 = 86_400_000;
/// Between two looks at what is not confirmed.
pub const CONFIRM_CHECK: u64 = 1_000;
/// What was said so long ago is not sent again to a device from which nothing ever came.
pub const NEW_DEVICE: u64 = 86_400_000;
/// And not more often than that.
pub const NEW_DEVICE_AGAIN: u32 = 2;
/// What waits to be sent, or to be confirmed.
pub const MAX_OUTBOX: usize = 50_000;
/// For how long something waits to be sent or confirmed: longer than relays keep it.
pub const OUTBOX_LIFE: u64 = 30 * 86_400_000;
/// For how long relays keep what is of use only now.
pub const BRIEF: u64 = 30_000;

/// Ids of messages that are remembered so that none is taken twice. The oldest go.
pub const MAX_SEEN: usize = 20_000;
/// Messages that wait until their sender has been looked up, or a newer version reads them.
pub const MAX_HELD: usize = 2_000;
/// Devices that are asked, after the pause between renewals, for what no session opened.
pub const MAX_OWED: usize = 256;
/// Messages of one device that came too early.
pub const MAX_EARLY: usize = 1_000;
/// Contents that wait for what they are about: reactions, edits, deletions, receipts.
pub const MAX_ORPHANS: usize = 2_000;
/// Accounts that reacted to one message.
pub const MAX_REACTIONS: usize = 64;
/// Messages named by one receipt.
pub const RECEIPT_IDS: usize = 256;
/// Messages that one command marks as read.
pub const MAX_READ: u64 = 1_024;

/// After so many more bytes a relay gets a receipt.
pub const RECEIPT_BYTES: u64 = 64 * 1_024;
/// After so long at the latest it gets one: little of a period, whose end nobody waits for.
pub const RECEIPT_PAUSE: u64 = 3_000;
/// Relays and periods that are counted for tickets and receipts.
pub const MAX_ACCOUNTS_OF_PROOF: usize = 256;
/// Latencies of one relay and period that a median is taken of.
pub const MAX_LATENCIES: usize = 64;

/// Groups that a device knows, also those that it is out of.
pub const MAX_GROUPS: usize = 1_000;
/// Changes of a group that wait at the same time: all accounts of a large group.
pub const MAX_WISHES: usize = 512;
/// Parts of invitations and information that are kept while others are missing.
pub const MAX_PARTS: usize = 1_024;
/// How often what relays give as a group's tree may be something else.
pub const SPOILED: u8 = 3;
/// Parts of one invitation.
pub const MAX_PARTS_OF_ONE: usize = 180;
/// Longest handshake, bytes: what the parts of one hold.
pub const MAX_HANDSHAKE: usize = 8 * 1_024 * 1_024;
/// Parts of a handshake that are uploaded at the same time.
pub const PARTS_AT_ONCE: usize = 8;
/// Key packages that this device keeps on each relay of its set.
pub const KEYS_PER_RELAY: u32 = 20;
/// When fewer are left on a relay it gets more.
pub const KEYS_LOW: u32 = 8;
/// Between two readings of a group's order that nothing asks for.
pub const ORDER_PAUSE: u64 = 60_000;
/// How often the order is read because something says that it has grown: a relay may learn of it later than others.
pub const LOOKS: u8 = 4;
/// Between two of these.
pub const LOOK_AGAIN: u64 = 500;
/// New epochs that are read in one go: what others keep secrets of.
pub const EPOCHS_AT_ONCE: usize = 4;
/// New epochs beyond what the order had when the mailbox was last quiet, before it is to be quiet again. Relays take a text
/// up to two epochs late, and two more are left until it does not open any more.
pub const EPOCHS_AHEAD: usize = 2;
/// The mailbox is quiet when it brought nothing for so long, after all that waited.
pub const MAIL_QUIET: u64 = 300;
/// And for so long if less came than had waited.
pub const MAIL_SILENT: u64 = 5_000;
/// A relay that was not heard for longer may be gone, and quiet for that reason: twice [`PING`].
pub const MAIL_FRESH: u64 = 2 * PING;
/// Texts of a group on their way at the same time: one, so that they come in the order of saying.
pub const TEXTS_AT_ONCE: usize = 1;
/// After so long a text that was not confirmed is offered again.
pub const RETRY_UNSENT: u64 = 1_000;
/// Ids of own messages to a group that are known when they come back.
pub const MAX_SENT: usize = 256;
/// Requests with one message that are remembered, until one is answered.
pub const MAX_ASKS: usize = 16;
/// How long members wait at most before they remove one that wishes to leave.
pub const LEAVE_PAUSE: u64 = 5_000;
/// After so long a member that was not removed says again that it wishes to leave.
pub const LEAVE_AGAIN: u64 = 60_000;
/// Between two questions to members, of one that is in doubt or has lost track.
pub const ASK_AGAIN: u64 = 15_000;
/// A member that says so often that this device is out, while nobody gives it information, is believed.
pub const DENIALS: u32 = 3;
/// How long a look is waited for before somebody is removed without it.
pub const LOOK_WAIT: u64 = 5_000;
/// Age of the key package of last resort when it is replaced.
pub const LAST_RESORT_LIFE: u64 = 28 * 86_400_000;
/// Rest after a change with fresh key packages was refused.
pub const NOT_BEGUN: u64 = 60_000;

/// For how long a presence record is good.
pub const PRESENCE_LIFE: u64 = 600_000;
/// After so long it is renewed.
pub const PRESENCE_RENEWAL: u64 = 240_000;
/// Between two looks at whose record is due.
pub const PRESENCE_PASS: u64 = 2_000;
/// After a refusal it is published again.
pub const PRESENCE_PAUSE: u64 = 10_000;
/// Devices that get a record.
pub const MAX_PRESENCE: usize = 64;
/// Records that are published in one pass.
pub const PRESENCE_AT_ONCE: usize = 16;
/// Relays that a record is put on, and looked for at.
pub const PRESENCE_RELAYS: usize = 2;
/// How far clocks may differ for a record to be found, and how long after its end it is still tried.
pub const CLOCKS_DIFFER: u64 = 60_000;

/// A copy is offered to its device itself for so long at most.
pub const DIRECT_PATIENCE: u64 = 2_000;
/// A device whose presence is nowhere is not looked up again for so long.
pub const AWAY: u64 = 30_000;
/// A device that could not be reached is left alone for so long.
pub const UNREACHABLE: u64 = 120_000;
/// Where the device was last is tried after so long without an answer about its presence.
pub const LOOK_UP_PATIENCE: u64 = 500;
/// What relays do not take is offered to its device again after so long. It doubles three times.
pub const DIRECT_AGAIN: u64 = 2_000;
/// While the device listens at no relay, nobody is left alone for longer.
pub const ALONE_PAUSE: u64 = 10_000;
/// Places of records that the local network is asked for.
pub const MAX_SOUGHT: usize = 256;
/// Devices of which it is remembered whether they are there.
pub const MAX_WAYS: usize = 1_024;

/// For how long a device may take the history once that was granted.
pub const GRANT_LIFE: u64 = 7 * 86_400_000;
/// Grants, and questions that wait for one.
pub const MAX_GRANTS: usize = 8;
/// A page of a history holds so many bytes, and the message that goes beyond.
pub const PAGE_BYTES: usize = 128 * 1_024;
/// Messages that are read from the disk at a time.
pub const PAGE_MESSAGES: usize = 256;
/// A page comes in pieces of so many bytes.
pub const PIECE_BYTES: usize = parlance_e2ee::content::bounds::MAX_PIECE;
/// Pieces of a page.
pub const MAX_PIECES: u16 = 8;
/// Messages of one conversation that get other numbers for the sake of a history.
pub const MAX_MOVED: usize = 20_000;
/// A page that does not come is asked for again after so long; it doubles up to [`LONGEST_ASK_PAUSE`].
pub const ASK_PAUSE: u64 = 60_000;
/// See [`ASK_PAUSE`].
pub const LONGEST_ASK_PAUSE: u64 = 3_600_000;

/// Between two invitations to a conversation without a trace.
pub const INVITE_PAUSE: u64 = 5_000;
/// An invitation, or an answer to one, that is older by the sender's clock is nobody's any more. Clocks differ.
pub const NO_TRACE_AGE: u64 = 120_000;
/// Between two signs of life in one.
pub const NO_TRACE_ALIVE: u64 = 5_000;
/// After so long without a sign of life it is over.
pub const NO_TRACE_SILENCE: u64 = 20_000;
/// What is not confirmed after so long is sent again.
pub const NO_TRACE_AGAIN: u64 = 2_000;
/// For how long relays keep what is said there.
pub const NO_TRACE_KEEP: u64 = 10_000;
/// Texts that wait for their confirmation, or for those before them.
pub const MAX_WHISPERS: usize = 64;

/// Largest file that goes by relays, bytes (F1).
pub const MAX_FILE: u64 = 16 * 1_024 * 1_024;
/// A file up to so many bytes is sent unasked (F4).
pub const PUSHED: u64 = 4 * 1_024 * 1_024;
/// Files up to so many bytes are taken without asking the person, unless they say otherwise (F5).
pub const AUTOMATIC: u64 = 4 * 1_024 * 1_024;
/// Bytes of a piece of a file's ciphertext.
pub const FILE_PIECE: usize = parlance_e2ee::content::bounds::MAX_FILE_PIECE;
/// Pieces of a file.
pub const MAX_FILE_PIECES: u32 = 288;
/// Pieces of files on their way at the same time.
pub const FILE_WINDOW: usize = 8;
/// The same in one group.
pub const GROUP_FILE_WINDOW: usize = 2;
/// A piece that does not come is asked for after so long; it doubles up to [`LONGEST_ASK_PAUSE`].
pub const FILE_PATIENCE: u64 = 60_000;
/// How often bytes of a file may turn out to be wrong before it is given up.
pub const MAX_FAULTS: u8 = 3;
/// Files that a device knows.
pub const MAX_FILES: usize = 4_096;
/// Bytes of files that a device keeps in its database (F2).
pub const MAX_KEPT: u64 = 512 * 1_024 * 1_024;
/// For how long files are kept there once they were sent, or saved.
pub const FILE_LIFE: u64 = 14 * 86_400_000;
/// Bytes of files whose message has not come (F9).
pub const MAX_UNNAMED: u64 = 16 * 1_024 * 1_024;
/// For how long these are kept.
pub const UNNAMED_LIFE: u64 = 86_400_000;
/// Devices that get pieces of one file because they asked.
pub const MAX_UPLOADS: usize = 16;
/// Between two looks at which files have had their time.
pub const FILE_PASS: u64 = 60_000;
