"""What the tests share that kill a server with SIGKILL over and over under load.

A Load is what clients do to the server and what must be true of it afterwards. A Killing starts one
server on one database, lets the clients of all loads at it, kills and restarts it, and in the end
lets every load compare what was acknowledged with what there is.
"""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import traceback

import httpx

# What a request ends with whose server dies, or whose server's port is another's by now.
BROKEN = (httpx.HTTPError, OSError, KeyError, ValueError)
TERMINAL = ("completed", "failed", "timeout", "cancelled")


class Load:
    """Some clients of one kind. `faults` are those of the whole test; a test of several loads has
    one of each. All but one_step and client_loop run on the main thread."""

    clients = 3

    def attach(self, killing):
        self.killing = killing
        self.harness = killing.harness
        self.lock = killing.lock
        self.over = killing.over
        self.fault = killing.fault

    def prepare(self, api):
        """Before the first kill."""

    def one_step(self, api, rng, label):
        """What a client does next; `label` is unique to the step."""
        raise NotImplementedError

    def client_loop(self, number):
        rng = random.Random(f"{type(self).__name__} {number} {self.killing.seed}")
        count = 0
        while not self.over.is_set():
            try:
                with self.killing.client() as api:
                    while not self.over.is_set():
                        count += 1
                        self.one_step(api, rng, f"{number}-{count}")
            except BROKEN:
                time.sleep(0.02)  # the server is down for a moment: that is the point
            except Exception:
                self.fault(traceback.format_exc())

    def after_restart(self, api):
        """Cheap looks at what a new server finds."""

    def check_api(self, api):
        """After the last kill, with all clients gone: what was accepted has ended, and how."""

    def check_database(self, database):
        """With the server stopped."""


class Killing:
    def __init__(self, server, loads, seed, flags=()):
        os.environ["SOLVENT_SERVER"] = server
        import harness

        harness.SERVER = server
        self.harness = harness
        self.server = harness.Server("--workers", "2", *flags)
        self.seed = seed
        self.random = random.Random(seed)
        self.lock = threading.RLock()
        self.over = threading.Event()
        self.faults = []
        self.kills = 0
        self.loads = loads
        for load in loads:
            load.attach(self)

    def fault(self, text):
        with self.lock:
            if len(self.faults) < 20:
                print(f"kill {self.kills}: {text}", file=sys.stderr, flush=True)
            self.faults.append(text)

    def client(self):
        return self.server.client(self.key)

    def run(self, live):
        """Kills the server for as long as `live(self)` returns; it waits for the right moment."""
        try:
            self.server.start()
            self.key = self.server.key
            with self.client() as api:
                for load in self.loads:
                    load.prepare(api)
            threads = [threading.Thread(target=self.guard, args=(load.client_loop, i))
                       for load in self.loads for i in range(load.clients)]
            self.threads = threads
            for thread in threads:
                thread.start()
            while live(self):
                self.server.kill()
                self.kills += 1
                self.server.start()
                self.guard(self.after_restart)
            self.over.set()
            for thread in threads:
                thread.join()
            with self.client() as api:
                for load in self.loads:
                    self.guard(load.check_api, api)
            self.server.stop()
            self.check_database()
        finally:
            self.over.set()
            self.server.remove()

    def guard(self, function, *arguments):
        """A thread that died of a surprise would test nothing."""
        try:
            function(*arguments)
        except Exception:
            self.fault(traceback.format_exc())

    def after_restart(self):
        try:
            with self.client() as api:
                for load in self.loads:
                    load.after_restart(api)
        except BROKEN:
            self.fault(f"a server that was just started does not answer: {traceback.format_exc()}")

    def check_database(self):
        database = sqlite3.connect(self.server.database)
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            self.fault("the database is damaged")
        for load in self.loads:
            self.guard(load.check_database, database)
        database.close()
        doctor = subprocess.run([self.harness.SERVER, "doctor", "--database",
                                 str(self.server.database)], capture_output=True, text=True)
        if doctor.returncode != 0:
            self.fault(f"doctor complains: {doctor.stdout}{doctor.stderr}")

    def none(self, database, sql, fault):
        """No rows are wanted."""
        if rows := database.execute(sql).fetchall():
            self.fault(f"{fault}: {len(rows)}, such as {rows[:3]}")

    def report(self, counts):
        """Prints the outcome; returns what the program exits with."""
        told = ", ".join(f"{number} {what}" for what, number in counts.items())
        print(f"seed {self.seed}: {self.kills} kills, {told}, {len(self.faults)} faults")
        for fault in self.faults[:20]:
            print("  " + fault)
        # As tests/run.py reads it.
        print(f"Ran 1 test in 0s\n{'FAILED (failures=1)' if self.faults else 'OK'}")
        return 1 if self.faults else 0


def lives(kills, least, most):
    """For Killing.run: so many lives of a length at random, in seconds, and a last one."""

    def live(killing):
        time.sleep(killing.random.uniform(least, most))
        return killing.kills < kills

    return live
