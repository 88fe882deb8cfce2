/* SPDX-License-Identifier: GPL-2.0 */
/* The nouns: what they consist of, and what can be done with them. */
#ifndef APNCTL_NOUNS_H
#define APNCTL_NOUNS_H

#include "object.h"

extern const struct object disk_object, line_object, offer_object; /* of apnbd */
extern const struct object path_object; /* in a disk */
extern const struct object way_object; /* what path add and del ask for */
extern const struct object export_object, port_object, session_object; /* of apn_target */
extern const struct object key_object, audit_object, finding_object;
extern const struct object stat_object, use_object; /* counters, in a disk and in an export */

extern const struct kind kind_disk; /* NAME, apnbdN or /dev/apnbdN */
extern const struct kind kind_also; /* ADDR[:PORT][,TRANSPORT] */
extern const struct field path_args[];
extern const struct field disk_args[], disk_word[], disconnect_args[], stat_args[];
extern const struct field export_args[], export_del_args[], export_drain_args[];
extern const struct field export_revoke_args[];
extern const struct field port_set_args[], port_del_args[], port_show_args[], id_args[];
extern const struct field key_make_args[], key_import_args[], key_list_args[], key_del_args[];
extern const struct field doctor_args[];
extern const struct field conf_args[], down_args[], save_args[];

int disk_connect(struct json_object *values);
int disk_list(struct json_object *values);
int disk_show(struct json_object *values);
int disk_set(struct json_object *values);
int disk_stat(struct json_object *values);
int disk_disconnect(struct json_object *values);

int path_add(struct json_object *values);
int path_del(struct json_object *values);
int path_show(struct json_object *values);
/* All paths of a disk but the first, as "also" has them; one of those as "path add" asks. */
struct json_object *path_also(struct json_object *disk);
struct json_object *path_way(const char *disk, const char *also);
/* The first one as "also" would have it, and another one in its place. */
struct json_object *path_first(struct json_object *disk);
void path_make_first(struct json_object *disk, struct json_object *way);

int export_add(struct json_object *values);
int export_set(struct json_object *values);
int export_show(struct json_object *values);
int export_del(struct json_object *values);
int export_drain(struct json_object *values);
int export_revoke(struct json_object *values);

int port_add(struct json_object *values);
int port_set(struct json_object *values);
int port_del(struct json_object *values);
int port_show(struct json_object *values);

int key_generate(struct json_object *values);
int key_import(struct json_object *values);
int key_list(struct json_object *values);
int key_del(struct json_object *values);

int line_show(struct json_object *values);
int session_show(struct json_object *values);
int discover(struct json_object *values);
int doctor(struct json_object *values);
int monitor(struct json_object *values);

int conf_up(struct json_object *values);
int conf_down(struct json_object *values);
int conf_save(struct json_object *values);

/* "show" of any kind: all as a table, one as detail, either as configuration. */
int show(const struct object *object, const char *which, bool config);

/* What "up" and "down" do with a section of a file; done before is done. */
int disk_up(struct json_object *values);
int disk_down(struct json_object *values);
int export_up(struct json_object *values);
int export_quiet(struct json_object *values);
int export_down(struct json_object *values);
int port_up(struct json_object *values);
int port_down(struct json_object *values);

/* The disk that NAME, apnbdN or /dev/apnbdN stands for, as its name in @values. */
int disk_resolve(struct json_object *values);

/* N of apnbdN and /dev/apnbdN, or NULL. */
const char *disk_device_number(const char *text);

#endif
