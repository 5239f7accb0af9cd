"""placeholder"""
from dataclasses import dataclass, field
@dataclass
class R:
    failures: list = field(default_factory=list)
    def summary(self): return []
def check_invalid(*a): return R()
