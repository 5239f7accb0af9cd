"""GoogleTest binaries, found by their names: *Tests (upconv_unittest)."""

import lit.formats

config.name = "upconv-unit"
config.suffixes = []
config.test_source_root = config.upconv_build + "/test/Unit"
config.test_exec_root = config.test_source_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
