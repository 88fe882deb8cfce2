# SPDX-License-Identifier: GPL-2.0
"""selftests/run: build the modules for each kind, boot it, run the tests in it, judge them, print KTAP."""

import argparse
import concurrent.futures
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import tests
from machine import CACHE, Machine, Wire

VM = os.path.dirname(os.path.abspath(__file__))
TESTBED = os.path.join(VM, "testbed")
BOOT_LIMIT = {"uml-debug": 60, "uml": 60, "uml-vtime": 60, "qemu-debug": 300}
SLOWER = {"qemu-debug": 3, "qemu-6.1": 2, "qemu-6.12": 2, "qemu-7": 2}     # without KVM


class Report:
    """KTAP on stdout, one line a result at the moment it is known."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = {"pass": 0, "fail": 0, "skip": 0}
        self.number = 0
        print("KTAP version 1", flush=True)

    def result(self, kind, name, verdict, seconds=0.0, reason="", log=()):
        with self.lock:
            self.number += 1
            self.count[verdict] += 1
            word = "not ok" if verdict == "fail" else "ok"
            more = f" # SKIP {reason}" if verdict == "skip" else f" # {seconds:.1f} s"
            if verdict == "fail":
                more = f" # {reason}"
            print(f"{word} {self.number} {kind}:{name}{more}")
            for line in log:
                print(f"#   {line}")
            sys.stdout.flush()

    def last_line(self):
        c = self.count
        print(f"1..{self.number}")
        print(f"{c['pass']} passed, {c['fail']} failed, {c['skip']} skipped", flush=True)


class Cpus:
    """Those that machines may take; one that takes more than there are has all of them to itself."""

    def __init__(self, n):
        self.all = self.free = n
        self.changed = threading.Condition()

    @contextlib.contextmanager
    def taken(self, wanted):
        n = min(wanted, self.all)
        with self.changed:
            self.changed.wait_for(lambda: self.free >= n)
            self.free -= n
        try:
            yield
        finally:
            with self.changed:
                self.free += n
                self.changed.notify_all()


def cpus_of(kind, spec):
    """
    A machine of User Mode Linux without SMP runs on one CPU, whatever the test asks for; of those that Debian's kernels
    have under QEMU about half is idle at any time.
    """
    machines, cpus = spec[:2]
    if kind in ("uml-debug", "uml-vtime"):
        return machines
    if kind in ("qemu-6.1", "qemu-6.12", "qemu-7"):
        return machines * max(1, cpus // 2)
    return machines * cpus


class Session:
    """Some tests in one boot, and in another boot what the first could not run."""

    def __init__(self, run, kind, batch):
        self.run, self.kind, self.batch = run, kind, list(batch)
        self.spec = batch[0].machine()
        self.machines = {}
        self.wire = None

    def play(self):
        with self.run.cpus.taken(cpus_of(self.kind, self.spec)):
            while self.batch and not self.run.stopped:
                self.one_boot()

    def one_boot(self):
        self.out = tempfile.mkdtemp(prefix=f"{self.kind}-", dir=self.run.folder)
        names = "ab"[:self.spec[0]]
        if len(names) == 2:
            self.wire = Wire(self.out)
        os.mkdir(os.path.join(self.out, "host"))
        os.mkdir(os.path.join(self.out, "shared"))
        self.disks = {n: self.make_disks(n) for n in names}
        for n in names:
            os.mkdir(os.path.join(self.out, n))
            with open(os.path.join(self.out, n, "tests"), "w", encoding="utf-8") as f:
                f.writelines(f"{t.name} {self.limit(t)}\n" for t in self.batch)
            if self.kind == "uml-debug":
                open(os.path.join(self.out, n, "session-leaks"), "w", encoding="utf-8").close()
        try:
            for n in names:
                self.power_on(n, 1)
            self.watch()
        finally:
            for m in self.machines.values():
                m.kill()
            if self.wire:
                self.wire.close()
                self.wire = None
        self.leaks()
        if self.run.args.coverage:
            for n in names:
                self.run.counted(os.path.join(self.out, n, "coverage"))
        if not self.run.keep and not self.failed:
            shutil.rmtree(self.out, ignore_errors=True)

    def limit(self, test):
        return test.limit * SLOWER.get(self.kind, 1)

    def make_disks(self, name):
        paths = []
        for i, size in enumerate(self.spec[3]):
            paths.append(os.path.join(self.out, f"disk-{name}{i}"))
            subprocess.run(["truncate", "-s", size, paths[-1]], check=True)
        return paths

    def power_on(self, name, boot):
        m = Machine(self.kind, name, self.run.src(self.kind), self.out, self.spec, self.disks[name], self.wire,
                    boot, self.run.args.transport, self.run.args.security)
        m.seed = self.run.args.seed
        self.machines[name] = m
        m.start()

    def obey(self):
        """A test asks for a power cut, a power on or a stand-still by a file in host/."""
        folder = os.path.join(self.out, "host")
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".ask"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                verb, who, *more = f.read().split()
            machine = self.machines[who]
            if verb == "cut":
                machine.cut = True
                machine.kill()
            elif verb == "still":
                machine.stand_still(float(more[0]))
            elif verb == "on" and not machine.running():
                self.power_on(who, machine.boot + 1)
            os.rename(os.path.join(folder, name), os.path.join(folder, name[:-4] + ".done"))

    def boot_again(self):
        """A machine that died before it was up has tried nothing: emulated processors lose a race now and then."""
        for name, m in self.machines.items():
            if m.boot == 1 and not m.running() and self.deaths < 2 and not os.path.exists(os.path.join(m.own, "setup.log")):
                self.deaths += 1
                m.kill()
                print(f"# {self.kind}: machine {name} died before it was up, and is booted again", flush=True)
                os.rename(m.console, f"{m.console}-died{self.deaths}")
                self.power_on(name, 1)

    def watch(self):
        self.failed, self.deaths = False, 0
        boot = BOOT_LIMIT.get(self.kind, 120)
        deadline = time.monotonic() + boot + self.limit(self.batch[0])
        while self.batch:
            if self.run.stopped:
                return
            self.obey()
            self.boot_again()
            result = self.result(self.batch[0])
            if result:
                self.tell(self.batch.pop(0), *result)
                if self.batch:
                    deadline = time.monotonic() + boot + self.limit(self.batch[0])
                continue
            if not any(m.running() for m in self.machines.values()):
                if self.result(self.batch[0]):
                    continue
                if self.unclean():
                    return          # the machine said that it is no longer clean: boot again for the rest
                self.tell(self.batch.pop(0), "fail", 0, "the machine died", self.tail())
                return
            if time.monotonic() > deadline:
                self.tell(self.batch.pop(0), "fail", 0, "no answer within the time limit: the machine was ended",
                          self.tail())
                return
            time.sleep(0.05)
        end = time.monotonic() + boot
        while any(m.running() for m in self.machines.values()) and time.monotonic() < end and not self.run.stopped:
            time.sleep(0.05)
        done = all(m.cut or self.read(name, "session.done") for name, m in self.machines.items())
        if not self.run.stopped and not self.unclean() and not done:
            self.failed = True
            self.run.report.result(self.kind, "shutdown", "fail", 0, "the machine did not end well after its last test",
                                   self.tail() + [f"logs: {self.run.kept(self.out)}"])

    def unclean(self):
        return any("no longer clean" in line for m in self.machines.values() for line in m.log_tail(20))

    def tail(self):
        lines = []
        for name, m in self.machines.items():
            lines += [f"console of machine {name}:"] + m.log_tail()
        return lines

    def result(self, test):
        """(verdict, seconds, reason, log) when every machine that is on has said its word."""
        words = []
        for name, m in self.machines.items():
            path = os.path.join(m.own, test.name.replace("/", "_") + ".result")
            try:
                with open(path, encoding="utf-8", errors="replace") as f:
                    verdict, seconds, reason = (f.read().rstrip("\n") + "  ").split(" ", 2)
            except FileNotFoundError:
                if not m.cut:
                    return None
                continue
            words.append((["fail", "skip", "pass"].index(verdict), float(seconds), reason.strip(), name))
        if not words:
            return None
        rank, _, reason, _ = min(words)
        seconds = max(w[1] for w in words)
        log = []
        if rank == 0:
            for w in sorted(words):
                log += self.read(w[3], test.name.replace("/", "_") + ".log")[-40:]
        return ["fail", "skip", "pass"][rank], seconds, reason, log

    def read(self, name, file):
        try:
            with open(os.path.join(self.out, name, file), encoding="utf-8", errors="replace") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def tell(self, test, verdict, seconds, reason, log):
        if verdict == "fail":
            self.failed = True
            log = list(log) + [f"logs: {self.run.kept(self.out)}"]
        self.run.report.result(self.kind, test.name, verdict, seconds, reason, log)

    def leaks(self):
        for name in self.machines:
            report = self.read(name, "kmemleak.report")
            if report:
                self.failed = True
                self.run.report.result(self.kind, "kmemleak", "fail", 0, "memory that nobody points to after unloading",
                                       report[:60] + [f"logs: {self.run.kept(self.out)}"])


class Run:
    def __init__(self, args):
        self.args, self.keep = args, args.keep_log
        self.cpus = Cpus(args.jobs)
        self.stopped = False
        self.failed_logs = False
        self.folder = tempfile.mkdtemp(prefix="apnbd-run-")
        os.chmod(self.folder, 0o755)

    def src(self, kind):
        return os.path.join(self.folder, f"src-{kind}")

    def counted(self, path):
        """What one machine counted goes into a folder of its own."""
        if os.path.isdir(path):
            shutil.copytree(path, tempfile.mkdtemp(prefix="boot-", dir=self.args.coverage), dirs_exist_ok=True)

    def kept(self, path):
        self.failed_logs = True
        return path

    def prepare(self, kind):
        """The kernel if it is not there yet, then modules and tool, then a copy that edits in the tree don't touch."""
        start = time.monotonic()
        if subprocess.run([TESTBED, kind], stdin=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(f"run: the testbed for {kind} could not be built (see above)")
        if subprocess.run([TESTBED, "--products", kind, self.src(kind)], stdin=subprocess.DEVNULL,
                          check=False).returncode:
            raise SystemExit(f"run: the sources don't build for {kind} (see above)")
        print(f"# {kind}: built in {time.monotonic() - start:.0f} s", flush=True)

    def sessions(self, plan):
        groups = {}
        for test, kind in plan:
            key = (kind, test.machine()) if test.machines == 1 else (kind, test.machine(), test.name)
            groups.setdefault(key, []).append(test)
        found = []
        for key, batch in groups.items():
            # a kind's tests are dealt out to as many machines as run at a time, dearest first
            at_a_time = max(1, self.args.jobs // cpus_of(key[0], key[1]))
            hands = [[] for _ in range(min(at_a_time, len(batch)))]
            for test in sorted(batch, key=lambda t: -t.cost):
                min(hands, key=lambda h: sum(t.cost for t in h)).append(test)
            found += [Session(self, key[0], sorted(hand, key=lambda t: t.name)) for hand in hands]
        # the longest first, so that none is left over
        return sorted(found, key=lambda s: -sum(t.cost for t in s.batch))

    def host_test(self, test):
        with self.cpus.taken(1):
            self.run_on_host(test)

    def run_on_host(self, test):
        start = time.monotonic()
        env = dict(os.environ, SELFTESTS=tests.SELFTESTS, APN_KIND="host", APN_TEST=test.name, APN_CACHE=CACHE)
        p = subprocess.Popen(["bash", test.path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True, env=env, cwd=tests.SELFTESTS)
        end, out = time.monotonic() + test.limit, None
        while out is None:
            try:
                out = p.communicate(timeout=0.2)[0].decode(errors="replace").splitlines()
            except subprocess.TimeoutExpired:
                if self.stopped or time.monotonic() > end:
                    os.killpg(p.pid, signal.SIGKILL)
        verdict = {0: "pass", 4: "skip"}.get(p.returncode, "fail")
        said = [m[1] for line in out if (m := re.match(r"(?:not ok \d+ - |# skip: |# fail: )(.*)", line))]
        reason = said[-1] if said else f"exit status {p.returncode}"
        self.report.result("host", test.name, verdict, time.monotonic() - start, reason,
                           out[-40:] if verdict == "fail" else ())

    def play(self, plan):
        host = [t for t, k in plan if k == "host"]
        plan = [(t, k) for t, k in plan if k != "host"]
        kinds = [k for k in tests.KINDS if any(k == kind for _, kind in plan)]
        for kind in kinds:
            self.prepare(kind)
        self.report = Report()
        if any(t.name.startswith("soak") for t, _ in plan):
            self.args.seed = self.args.seed or random.randrange(1, 100000)
            print(f"# seed {self.args.seed}: --seed {self.args.seed} repeats it", flush=True)
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            work = [pool.submit(self.host_test, t) for t in host]
            work += [pool.submit(s.play) for s in self.sessions(plan)]
            try:
                for w in concurrent.futures.as_completed(work):
                    w.result()
            except BaseException:
                self.stopped = True
                for w in work:
                    w.cancel()
                raise

    def close(self):
        if self.keep:
            print(f"# logs: {self.folder}")
        elif not self.failed_logs:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            for name in os.listdir(self.folder):
                if name.startswith("src-"):
                    shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)


def arguments():
    p = argparse.ArgumentParser(prog="selftests/run", description="Run the tests in virtual machines.")
    p.add_argument("--vm", action="append", metavar="KIND", help=f"only on this kind: {', '.join(tests.KINDS)}, host")
    p.add_argument("--transport", default="tcp", choices=["tcp", "rdma"],
                   help="tcp (default) or rdma: what the tests connect by")
    p.add_argument("--security", default="none", help="none (default), auth or tls: the level of what lib.sh serves")
    p.add_argument("--seed", type=int, metavar="N",
                   help="for what is done as the dice say (default of a soak: another one each time, which it names)")
    p.add_argument("--coverage", metavar="DIR",
                   help="on qemu-debug: the modules count which lines run, into DIR (selftests/coverage/run reads it)")
    p.add_argument("--tier", choices=tests.TIERS, help="check (default without TEST), all, soak")
    p.add_argument("--list", action="store_true", help="name the tests and run nothing")
    p.add_argument("--keep-log", action="store_true", help="keep the logs of passed tests, too")
    p.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1) * 3 // 2), metavar="N",
                   help="CPUs of machines at a time (default: half as many again as there are, for tests wait, too)")
    p.add_argument("test", nargs="*", metavar="TEST", help="a name from --list")
    args = p.parse_args()
    for kind in args.vm or ():
        if kind not in tests.KINDS + ["host"]:
            p.error(f"no kind {kind}; there are {', '.join(tests.KINDS)} and host")
    return args


def choose(args):
    found = tests.find()
    wrong = [w for t in found for w in t.check()]
    if wrong:
        raise SystemExit("run: " + "\nrun: ".join(wrong))
    if args.test:
        names = {t.name: t for t in found}
        asked = [n.removesuffix(".sh") for n in args.test]
        unknown = [n for n in asked if n not in names]
        if unknown:
            raise SystemExit(f"run: no test {', '.join(unknown)}; selftests/run --list names them")
        chosen, tier = [names[n] for n in asked], args.tier
    else:
        tier = args.tier or "check"
        chosen = [t for t in found if tests.belongs(t, tier)]
    return chosen, tier


def main():
    args = arguments()
    chosen, tier = choose(args)
    if args.list:
        for t in chosen if (args.test or args.tier) else tests.find():
            print(f"{t.name:24} {t.tier:6} {t.cost:5} s  {t.title}\n{'':24} on {' '.join(t.kinds)}"
                  + (f"; smoke {' '.join(t.smoke)}" if t.smoke else "")
                  + ("; two machines" if t.machines == 2 else ""))
        return 0
    plan = [(t, k) for t in chosen for k in tests.kinds_of(t, tier, args.vm)]
    plan = [(t, k) for t, k in plan if args.transport in t.transports]
    if not plan:
        raise SystemExit("run: nothing to run: no chosen test runs on " + ", ".join(args.vm or ["any kind"]) +
                         f" over {args.transport}")
    if os.geteuid() and any(k != "host" for _, k in plan):
        raise SystemExit("run: the testbed needs root; type: sudo selftests/run ...")
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)
    if args.coverage:
        os.environ["APN_COVERAGE"] = "1"
        os.makedirs(args.coverage, exist_ok=True)
    run = Run(args)
    try:
        run.play(plan)
    except KeyboardInterrupt:
        print("# stopped", flush=True)
        return 130
    finally:
        run.close()
    run.report.last_line()
    return 1 if run.report.count["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
