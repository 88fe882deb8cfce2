# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The systems side by side: begin exports BACKING and connects, which sets DISK; again reconnects; end takes all away. Sourced.

system_begin() {
	local ns
	SYSTEM_ARGS=''
	for ns in gpu storage; do
		in_ns $ns ip tcp_metrics flush all >/dev/null 2>&1 || :
	done
	case $SYSTEM in
	apnbd) apnbd_begin ;;
	apnbd-rate)
		SYSTEM_ARGS="--rate ${GBIT}g"
		apnbd_begin
		;;
	nvme-tcp) nvme_begin ;;
	nvme-tcp-*)
		tuned "${SYSTEM##*-}"
		SYSTEM_ARGS="--queue-size=1024"
		nvme_begin
		;;
	nbd) nbd_begin ;;
	esac
}

system_again() {
	case $SYSTEM in
	apnbd*) apnbd_disconnect && apnbd_connect ;;
	nvme*) nvme_disconnect && nvme_connect ;;
	nbd*) nbd_disconnect && nbd_connect ;;
	esac
}

system_end() {
	case $SYSTEM in
	apnbd*) apnbd_end ;;
	nvme*) nvme_end ;;
	nbd*) nbd_end ;;
	esac
	untuned
}

# What an expert sets for nvme-tcp: buffers that hold the line's bandwidth-delay product several times, no fall back to
# the initial window after a pause, the congestion control by name, 1024 requests, and read-ahead of 32 MiB (in nvme_connect).
tuned() {
	local ns
	for ns in gpu storage; do
		in_ns $ns sysctl -q net.ipv4.tcp_rmem="4096 131072 1073741824" net.ipv4.tcp_wmem="4096 65536 1073741824" \
			net.ipv4.tcp_slow_start_after_idle=0 net.ipv4.tcp_congestion_control="$1"
	done
}

untuned() {
	local ns
	for ns in gpu storage; do
		in_ns $ns sysctl -q net.ipv4.tcp_rmem="$RMEM" net.ipv4.tcp_wmem="$WMEM" \
			net.ipv4.tcp_slow_start_after_idle=1 net.ipv4.tcp_congestion_control=cubic
	done
}

EXPORT_ARGS=''

# --- apnbd -----------------------------------------------------------------------------------------------------

apnbd_begin() {
	# shellcheck disable=SC2086
	on_storage apnctl export add lab --device "$BACKING" $EXPORT_ARGS
	on_storage apnctl port add 0.0.0.0 --security none
	apnbd_connect
}
# shellcheck disable=SC2086
apnbd_connect() { DISK=$(on_gpu apnctl connect $STORAGE lab --security none $SYSTEM_ARGS); }
apnbd_disconnect() { on_gpu apnctl disconnect lab; }
apnbd_end() {
	apnbd_disconnect
	on_storage apnctl export del lab
	on_storage apnctl port del 0.0.0.0
}

# --- nvme-tcp --------------------------------------------------------------------------------------------------

NVMET=/sys/kernel/config/nvmet

nvme_begin() {
	modprobe -a nvmet nvmet-tcp nvme-tcp
	mkdir $NVMET/subsystems/lab
	echo 1 >$NVMET/subsystems/lab/attr_allow_any_host
	mkdir $NVMET/subsystems/lab/namespaces/1
	echo -n "$BACKING" >$NVMET/subsystems/lab/namespaces/1/device_path
	echo 1 >$NVMET/subsystems/lab/namespaces/1/enable
	mkdir $NVMET/ports/1
	echo tcp >$NVMET/ports/1/addr_trtype
	echo ipv4 >$NVMET/ports/1/addr_adrfam
	echo "$STORAGE" >$NVMET/ports/1/addr_traddr
	echo 4420 >$NVMET/ports/1/addr_trsvcid
	on_storage ln -s $NVMET/subsystems/lab $NVMET/ports/1/subsystems/lab
	nvme_connect
}

nvme_connect() {
	local i
	# shellcheck disable=SC2086
	on_gpu nvme connect -t tcp -a $STORAGE -s 4420 -n lab $SYSTEM_ARGS \
		--hostnqn=nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001 \
		--hostid=00000000-0000-4000-8000-000000000001 >/tmp/nvme.log 2>&1
	for ((i = 0; i < 100; i++)); do
		for DISK in /dev/nvme*n1; do
			[ ! -b "$DISK" ] || break 2
		done
		sleep 0.1
	done
	[ -b "$DISK" ] || return 1
	[ "$SYSTEM" = nvme-tcp ] || echo 32768 >"/sys/block/${DISK#/dev/}/queue/read_ahead_kb"
}
nvme_disconnect() { nvme disconnect -n lab >/tmp/nvme.log 2>&1; }
nvme_end() {
	nvme_disconnect
	on_storage rm $NVMET/ports/1/subsystems/lab
	rmdir $NVMET/ports/1
	echo 0 >$NVMET/subsystems/lab/namespaces/1/enable
	rmdir $NVMET/subsystems/lab/namespaces/1 $NVMET/subsystems/lab
}

# --- nbd: nbdkit's own device of zeroes, one connection as nbd-client makes by itself --------------------------

nbd_begin() {
	modprobe nbd nbds_max=1
	on_storage nbdkit -P /tmp/nbdkit.pid -i "$STORAGE" null 64G
	nbd_connect
}
nbd_connect() {
	DISK=/dev/nbd0
	on_gpu nbd-client "$STORAGE" $DISK >/dev/null 2>&1
}
nbd_disconnect() { on_gpu nbd-client -d /dev/nbd0 >/dev/null; sleep 1; }
nbd_end() {
	nbd_disconnect
	kill "$(cat /tmp/nbdkit.pid)"
	sleep 1
}
