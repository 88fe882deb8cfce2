/* SPDX-License-Identifier: GPL-2.0 */
/* One host to one target over one transport: lanes, window, RTT, who uses it. */
#ifndef APN_LINE_H
#define APN_LINE_H

#include "lane.h"
#include "msg.h"

#include <linux/semaphore.h>
#include <linux/xarray.h>

enum {
	APN_PING_MS = 250,
	APN_SILENCE_MS = 5000, /* or three round trips, if those are longer */
	APN_SPARE_SILENCE_MS = 1000, /* the same while each of its users has another line */
	APN_SETUP_MS = 10000, /* for each answer of a set-up */
	APN_FENCE_MS = 60000, /* a fence waits for the slowest device */
	APN_RETRY_MIN_MS = 100,
	APN_RETRY_MAX_MS = 3000, /* and a quarter: a target that is back is found within 5 s */
	APN_ASKING_MAX = 32, /* of the 64 that a target takes: fences are not counted */
	APN_LINE_KEEP_MS = 60000, /* how long a target remembers a line with no lane */
	APN_REASON_BYTES = 160,
	APN_WISH_SMALL = 1 << 20, /* beside a round trip's worth, lane 0 wishes for so much */
	APN_WISH_BULK = 2 << 20,
};

enum apn_line_state {
	APN_LINE_CONNECTING,
	APN_LINE_LIVE,
	APN_LINE_WAITING,
	APN_LINE_CLOSING,
};

/*
 * What the ends do with a line. All but ->begin() and ->end() are called in process
 * context without locks of the line; ->session is what was registered by its handle,
 * and stays valid during the call.
 */
struct apn_line_ops {
	struct module *owner;
	/* As in struct apn_lane_user, for READ to REPLY; @session may be NULL. */
	int (*begin)(struct apn_lane *lane, void *session, struct apn_rx *rx);
	void (*end)(struct apn_lane *lane, struct apn_rx *rx);
	void (*settle)(struct apn_lane *lane);
	void (*wait)(struct apn_lane *lane, struct apn_rx *rx);
	/* The host's end; may not sleep. */
	void (*notice)(struct apn_lane *lane, void *session, const struct apn_notice *notice);
	/*
	 * Usable again. @fresh: the target knows nothing of the line's past, so every
	 * session must attach again and every old lane counts as fenced.
	 */
	void (*up)(struct apn_line *line, bool fresh);
	void (*down)(struct apn_line *line);
	/* The host's end: false if none of its sessions will ever use it again. */
	bool (*wanted)(struct apn_line *line);
	/* The host's end, with each beat: what is known of the line may have changed. */
	void (*measured)(struct apn_line *line);
	/* The lane is closed: what was sent over it is the caller's again. */
	void (*lost)(struct apn_line *line, struct apn_lane *lane);
	/* Nothing that was sent over lane @index, up to its present incarnation, will land. */
	void (*fenced)(struct apn_line *line, unsigned int index);
	/* The host's end: can all that use this line do without it? */
	bool (*spare)(struct apn_line *line);
	/* The host's end: a live lane of another line to the same target, with a reference. */
	struct apn_lane *(*detour)(struct apn_line *line);
	/* The target's end: questions of a live line; answers by apn_msg_send(). May sleep long. */
	void (*control)(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body);
	/*
	 * The target's end: how much of the rate that the host declares is believed; it
	 * becomes line->rate. Under line->lock, and no more once the line is closing.
	 */
	u64 (*reserve)(struct apn_line *line, u64 wanted);
	/* The target's end: no lane is left, and none will be; end the sessions. */
	void (*forget)(struct apn_line *line);
	/* The last reference went; what @private points to can go. */
	void (*freed)(struct apn_line *line);
};

/* One place for a lane: who stands there now, and what became of those before. */
struct apn_slot {
	struct apn_line *line;
	unsigned int index;
	struct apn_lane __rcu *lane; /* changed under line->lock */
	u32 incarnation; /* the highest used; line->lock */
	u32 unfenced; /* host: the highest that died and was not fenced; line->lock */
	u32 attempt; /* failed ones since it was live */
	int error; /* of the last attempt */
	struct apn_lane *setup; /* host: being set up; line->lock */
	struct delayed_work work; /* the only one that connects, buries and fences */
	u64 writes; /* as lane->writes, of all lanes that were buried here; window.lock */
};

/* Bytes of WRITEs; both ends count from the line's set-up. */
struct apn_window {
	spinlock_t lock;
	u64 granted;
	u64 sent;
	struct list_head waiting; /* tx that are not admitted yet */
	unsigned int queued;
	atomic_t requests; /* target: begun and not ended */
	atomic64_t out; /* host: given to lanes and not done: see APN_OUT_ONE */
	u64 bound; /* host: bytes that may be; zero: any number */
};

/* In window.out: requests above, the bytes that they move below. */
#define APN_OUT_SHIFT 40
#define APN_OUT_ONE ((s64)BIT_ULL(APN_OUT_SHIFT))
#define APN_OUT_BYTES (APN_OUT_ONE - 1)

struct apn_line {
	struct list_head node; /* lines_lock */
	struct kref ref;
	u32 id;
	bool host;
	const struct apn_line_ops *ops;
	const struct apn_transport *transport;
	struct apn_route route;
	enum apn_security security;
	u64 features; /* host: wanted; then in force */
	char identity[APN_NAME_BYTES]; /* of the host */
	u8 uuid[APN_UUID_BYTES];
	void *owner; /* target: the gate it came in by, until it is forgotten; lines_lock */

	struct mutex lock; /* slots, state and what was agreed */
	enum apn_line_state state;
	unsigned long since; /* jiffies */
	unsigned long next_try; /* jiffies */
	u32 attempt;
	u32 epoch; /* how often it came up fresh; window.lock */
	bool confirmed; /* target: the host used it, so it knows that it is set up */
	struct mutex tell; /* who speaks to the sessions, against their leaving */
	char reason[APN_REASON_BYTES];
	wait_queue_head_t changed;
	struct semaphore asking; /* host: questions that may be open on lane 0 at a time */
	u8 instance[APN_UUID_BYTES]; /* of the target */
	char software[APN_SOFTWARE_BYTES]; /* of the peer */
	unsigned int lanes; /* slots in use */
	unsigned int wanted; /* host: lanes asked for; target: granted */
	u32 chunk_bytes;
	u32 io_bytes;
	u32 io_bytes_best; /* host: the largest that its transport moves at its best */
	u32 peer_bytes; /* host: the largest in the memory of another device; zero: none */
	u32 requests;
	struct apn_slot slot[APN_LANES_MAX];

	/* Dead lanes; target: whose requests have not ended; host: whose pages may still go out. */
	struct list_head undrained;
	struct work_struct reap;
	unsigned int live; /* lanes in their slots */

	struct apn_window window;
	struct xarray sessions; /* handle -> the owner's; RCU */
	struct delayed_work beat;
	unsigned long beat_due; /* jiffies; the beat's own, as the next three */
	unsigned long pinged; /* jiffies */
	u64 moved; /* bytes, both directions, when it was looked at last */
	unsigned long measured; /* jiffies: when that was */
	bool overdue; /* an answer to a PING is */
	u64 seen_rate; /* the most that moved between two beats, bytes a second */
	u32 us_per_mib; /* what a MiB takes when the line is full; zero: it never was */
	struct work_struct forget; /* target */
	u32 rtt_us; /* smoothed */
	u32 rtt_min_us;
	u64 rate; /* declared bytes per second; zero: not */
	struct apn_pacer pacer; /* what this end sends */
	u64 peer_rate; /* host: at which the target sends; zero: not known */
	atomic64_t fences;
	u32 setup_rtts; /* questions asked from connect to live */
	void *private; /* the owner's */
};

struct apn_line_wish {
	const char *transport;
	struct apn_route route;
	enum apn_security security;
	u64 features;
	const char *identity;
	unsigned int lanes;
	u64 rate;
	bool patient; /* it need not be live yet */
	const struct apn_line_ops *ops;
};

/*
 * The host's line for this wish: one that is there, or a new one that is live now.
 * May sleep for as long as a set-up takes. ERR_PTR and @reason otherwise. With
 * wish->patient one that could not be connected will do: it comes up when it can.
 */
struct apn_line *apn_line_open(const struct apn_line_wish *wish, char *reason);
struct apn_line *apn_line_get(struct apn_line *line);
void apn_line_put(struct apn_line *line); /* sleeps */

/*
 * The line is reserved for so many bytes a second, each way; zero: it is not. A target
 * believes no more than its port gives.
 */
void apn_line_declare(struct apn_line *line, u64 rate);

/* Bytes of payload a second that come to the host; a guess that grows, until it is known. */
u64 apn_line_read_rate(struct apn_line *line);

/* Each line, in turn, with line->lock held. */
int apn_line_each(bool host, int (*show)(struct apn_line *line, void *arg), void *arg);

/* Sessions. A handle is the host's choice; the target is told it in ATTACH. */
int apn_line_join(struct apn_line *line, u32 *handle, void *session);
int apn_line_join_as(struct apn_line *line, u32 handle, void *session);
/* When it returns, no op of the line runs or will run with this session. */
void apn_line_leave(struct apn_line *line, u32 handle);

int apn_line_ask(struct apn_line *line, const struct apn_hdr *hdr, const void *body, size_t bytes,
		 u8 wanted, struct apn_answer *answer, unsigned int timeout_ms);

/*
 * Zero promises exactly one later tx->sent(), with tx->lane set by then, or NULL if
 * it never got that far. -ENOTCONN: no lane is live, @tx stays the caller's.
 */
int apn_line_submit(struct apn_line *line, struct apn_tx *tx, bool last);
/* Said once for each that was given to a lane, when it is answered or taken back. */
void apn_line_done(struct apn_line *line, const struct apn_tx *tx);
void apn_line_kick(struct apn_line *line);
/* Take back what waits for the window: true if it did. */
bool apn_line_cancel(struct apn_line *line, struct apn_tx *tx);
bool apn_line_live(const struct apn_line *line);
/* Can a page that was sent over a dead lane still go out? */
bool apn_line_pages_out(struct apn_line *line);
/* A reference, or NULL. */
struct apn_lane *apn_line_lane(struct apn_line *line, unsigned int index);
/* The same: whichever lives. */
struct apn_lane *apn_line_any_lane(struct apn_line *line);
/* Can it move this page of another device? -EAGAIN: not to be known now. Sleeps. */
int apn_line_reaches(struct apn_line *line, struct page *page);
/* The host's end: live, and its target was heard lately enough to rely on it. */
bool apn_line_heard(struct apn_line *line);
/* Under RCU: what may pass until a request of so many bytes is answered over this line. */
u64 apn_line_cost_us(struct apn_line *line, u32 bytes);
/* Why it is as it is, as a sentence. */
void apn_line_say_why(struct apn_line *line, char *reason);
/* A way to fence its dead lanes may be there now. */
void apn_line_fence_again(struct apn_line *line);

/* Under RCU: the live lane in that place. */
static inline struct apn_lane *apn_line_lane_at(struct apn_line *line, unsigned int index)
{
	struct apn_lane *lane = rcu_dereference(line->slot[index].lane);

	return lane && !apn_lane_dead(lane) ? lane : NULL;
}

/* Does any place wait for a fence? */
static inline bool apn_line_unfenced(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++)
		if (READ_ONCE(line->slot[i].unfenced))
			return true;
	return false;
}

/* Between the files of a line. */
extern const struct apn_lane_user apn_line_lane_user;
extern struct workqueue_struct *apn_control_wq;

void apn_line_set_state(struct apn_line *line, enum apn_line_state state, const char *reason);
void apn_line_window_restart(struct apn_line *line, u64 granted);
void apn_line_window_open(struct apn_line *line, struct apn_lane *lane, u64 granted);
u64 apn_line_window_left(struct apn_line *line);
void apn_line_window_fold(struct apn_line *line, struct apn_lane *lane);
void apn_line_window_lost(struct apn_line *line, struct apn_slot *slot, u64 received);
void apn_line_kick_waiting(struct apn_pacer *pacer);
void apn_line_bound(struct apn_line *line);
void apn_line_waiting_fail(struct apn_line *line);
void apn_line_pages_watch(struct apn_line *line, struct apn_lane *lane);
struct apn_line *apn_line_alloc(const struct apn_transport *transport, bool host);
struct apn_line *apn_line_known(const u8 *uuid, const char *identity, const void *owner);
void apn_line_list(struct apn_line *line);
/* True for one caller only, who forgets the line. */
bool apn_line_mark_closing(struct apn_line *line, const char *reason);
bool apn_line_shed(void);
void apn_line_close_owned(const void *owner);
void apn_line_close_identity(const char *identity);
int apn_line_init(void);
void apn_line_exit(void);

/* The target's end: a request came by @lane; it ended. */
void apn_line_request_begin(struct apn_lane *lane);
void apn_line_request_end(struct apn_lane *lane);
/*
 * Wait until nothing of lane @index up to @incarnation can reach a device; @begun: the bytes
 * of WRITEs that were begun by the dead lanes of that place. False: @by, by which it was
 * asked, is dead, or a host waits no longer. Of one line; or of all that have this UUID,
 * where the last one's bytes count.
 */
bool apn_line_fence(struct apn_line *line, unsigned int index, u32 incarnation,
		    const struct apn_lane *by, u64 *begun);
bool apn_line_fence_all(const u8 *uuid, const char *identity, unsigned int index,
			u32 incarnation, const struct apn_lane *by, u64 *begun);

#endif /* APN_LINE_H */
