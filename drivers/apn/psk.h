/* SPDX-License-Identifier: GPL-2.0 */
/* What the TLS daemon may see of a key: a PSK derived from it, in a keyring of ours. */
#ifndef APN_PSK_H
#define APN_PSK_H

#include "proto.h"

#include <linux/types.h>

/*
 * Each end has a keyring of its own, also when one kernel is both. The name in TLS is
 * "apnbd <IDENTITY>": no such name is the beginning of another one, which matters since
 * the kernel's type "psk" compares as many bytes as it is asked for.
 */

/*
 * The identity's key was set, changed or deleted: its PSK follows. From here on no
 * handshake succeeds with the one before; what is live stays.
 */
int apn_psk_follow(bool host, const char *identity);
void apn_psk_forget_all(bool host);

/* Serials for the daemon; zero: there is none. */
s32 apn_psk_keyring(bool host);
s32 apn_psk_serial(bool host, const char *identity);
/*
 * Whose is it? False: it is none of ours, whatever other keyrings the daemon looks into.
 * Where one daemon serves both ends it may have found the other end's key of that name.
 */
bool apn_psk_identity(s32 serial, char identity[APN_NAME_BYTES]);

int apn_psk_init(void);
void apn_psk_exit(void);

#endif /* APN_PSK_H */
