"""Programs that the story calls."""

import subprocess
import sys
import time


def say(text):
    print(f"e2e: {text}", flush=True)


class Failed(Exception):
    """Something was not as the story says. The text is for people."""


def _words(command):
    return [str(word) for word in command]


def output(command, check=True, text=None, timeout=300):
    """What a program prints. With `check`, a failure is told with all that it said."""
    done = subprocess.run(_words(command), input=text, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise Failed(f"{' '.join(_words(command)[:6])} … exited with {done.returncode}\n{said}")
    return done.stdout


def run(command, text=None, timeout=600):
    """Runs a program for its effect."""
    output(command, text=text, timeout=timeout)


def succeeds(command, timeout=60):
    """Whether a program exits with 0."""
    try:
        return subprocess.run(_words(command), capture_output=True, timeout=timeout).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def until(what, condition, within, every=0.25):
    """Waits for a condition, and returns its value and the seconds that it took."""
    began = time.monotonic()
    while True:
        value = condition()
        elapsed = time.monotonic() - began
        if value:
            return value, elapsed
        if elapsed > within:
            raise Failed(f"{what}: not within {within} s")
        time.sleep(every)


def expect(condition, text):
    """The story's assertion."""
    if not condition:
        raise Failed(text)
