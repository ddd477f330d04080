"""The Python worker; ends at SIGTERM."""

from tasks import WORKFLOWS, hatchet

if __name__ == "__main__":
    hatchet.worker("py-worker", slots=10, workflows=WORKFLOWS).start()
