#!/usr/bin/env python3
"""The Debian packages: built by the one command, unpacked, looked at and used.

usage: test_package.py SOURCE_FOLDER [unittest arguments]

Installs nothing on this machine.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv[1]).resolve()
PACKAGES = ["librenorm0", "librenorm-dev", "renorm"]
MAIL = "somebody@renorm-project.org"


def run(*words, **env):
    done = subprocess.run([str(word) for word in words], cwd=SOURCE, env=os.environ | env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stdout}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-package-"))
        run("tools/package_deb", DEBEMAIL=MAIL)
        cls.files = {path.name.split("_")[0]: path for path in (SOURCE / "build/deb").glob("*.deb")}
        for path in cls.files.values():
            run("dpkg-deb", "-x", path, cls.place)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def field(self, package, name):
        return run("dpkg-deb", "-f", self.files[package], name).strip()

    def test_there_are_three_with_what_they_need(self):
        self.assertEqual(sorted(self.files), sorted(PACKAGES))
        depends = {name: self.field(name, "Depends") for name in PACKAGES}
        for library in ("libopenblas0-openmp", "libc6 (>=", "libhdf5", "libsundials", "libyaml",
                        "libzip", "zlib1g"):
            self.assertIn(library, depends["librenorm0"])
        self.assertNotRegex(depends["librenorm0"], r"libopenblas0(,|$)")
        self.assertRegex(depends["librenorm-dev"], r"librenorm0 \(= [0-9.]+-\d+\)")
        self.assertRegex(depends["renorm"], r"librenorm0 \(= [0-9.]+-\d+\)")
        self.assertIn(MAIL, self.field("renorm", "Maintainer"))

    def test_every_file_belongs_to_one_package_and_to_root(self):
        seen = set()
        for path in self.files.values():
            for line in run("dpkg-deb", "-c", path).splitlines():
                mode, owner, *_, = line.split()
                name = re.search(r" (\./.*?)( -> .*)?$", line)[1]
                self.assertEqual(owner, "root/root", line)
                self.assertRegex(mode, r"^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx)$", line)
                if mode[0] != "d":
                    self.assertNotIn(name, seen)
                    seen.add(name)

    def test_sums_and_loader_trigger_are_there(self):
        for name in PACKAGES:
            control = self.place / f"control-{name}"
            run("dpkg-deb", "-e", self.files[name], control)
            self.assertGreater(len((control / "md5sums").read_text().splitlines()), 3)
            run("sh", "-c", 'cd "$0" && md5sum -c --quiet "$1"', self.place, control / "md5sums")
        control = self.place / "control-librenorm0"
        self.assertIn("ldconfig", (control / "triggers").read_text())
        self.assertRegex((control / "shlibs").read_text(), r"^librenorm 0 librenorm0 \(>= ")

    def test_pages_and_changelogs_are_packed(self):
        pages = [path for path in self.place.rglob("man/man*/*") if path.is_file()]
        self.assertGreaterEqual(len(pages), 6)
        for path in pages:
            self.assertEqual(path.suffix, ".gz", path)
            self.assertIn(b".TH RENORM", gzip.decompress(path.read_bytes()))
        for name in PACKAGES:
            folder = self.place / "usr/share/doc" / name
            self.assertIn("BSD-3-clause", (folder / "copyright").read_text())
            self.assertIn(MAIL.encode(), gzip.decompress((folder / "changelog.Debian.gz").read_bytes()))

    def test_nothing_names_the_folder_of_the_build(self):
        for path in self.place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.assertFalse(str(SOURCE).encode() in path.read_bytes(), path)

    def test_the_unpacked_command_works(self):
        [library] = self.place.rglob("librenorm.so.0")
        program = self.place / "usr/bin/renorm"
        self.assertNotRegex(run("readelf", "-d", program), "RUNPATH|RPATH")
        shown = run(program, "selftest", LD_LIBRARY_PATH=str(library.parent))
        self.assertIn("passed", shown)
        self.assertNotIn("failed", shown)

    def test_the_same_source_gives_the_same_bytes(self):
        before = {name: path.read_bytes() for name, path in self.files.items()}
        run("tools/package_deb", DEBEMAIL=MAIL)
        for name, path in self.files.items():
            self.assertTrue(before[name] == path.read_bytes(), name)

    @unittest.skipUnless(shutil.which("lintian"), "no lintian here")
    def test_lintian_finds_no_error(self):
        done = subprocess.run(["lintian", *self.files.values()], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False)
        # nobody asked Debian for the package, so there is no wish to close
        findings = [line for line in done.stdout.splitlines()
                    if re.match("[EW]: ", line) and "initial-upload-closes-no-bugs" not in line]
        self.assertEqual(findings, [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
