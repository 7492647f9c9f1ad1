#!/usr/bin/env python3
"""An installed renorm as somebody meets it who has nothing else of it.

usage: test_install.py BUILD_FOLDER SOURCE_FOLDER [unittest arguments]

Installs into a new folder, moves that folder, and works from there.
"""

import math
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
HERE = SOURCE / "tests/install"
EXAMPLES = ["graph_derivative", "measure_own_kernel", "run_and_print"]
# Nothing of the build may help.
CLEAN = {name: value for name, value in os.environ.items()
         if name not in ("LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH",
                         "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH")}
CLEAN["OMP_WAIT_POLICY"] = "passive"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*words, status=0, cwd=None, **env):
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=CLEAN | env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    if done.returncode != status:
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def smoothstep(x):
    """0 below -1, 1 above 1, the polynomial of degree 5 with two flat derivatives between."""
    t = min(max((x + 1) / 2, 0), 1)
    return t * t * t * (t * (6 * t - 15) + 10)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-install-"))
        cls.first = cls.place / "first"
        run("cmake", "--install", BUILD, "--prefix", cls.first)
        cls.manifest = (BUILD / "install_manifest.txt").read_text().split("\n")
        cls.prefix = cls.place / "moved here"
        cls.first.rename(cls.prefix)
        [pc] = cls.prefix.rglob("renorm.pc")
        cls.pc, cls.lib = pc, pc.parent.parent

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def setUp(self):
        self.work = Path(tempfile.mkdtemp(dir=self.place))

    def pkg_config(self, *words):
        return run("pkg-config", *words, "renorm", PKG_CONFIG_PATH=str(self.pc.parent))

    def build(self, source, flags):
        """Compiles one file with what pkg-config says, split into words as a shell would."""
        program = self.work / source.stem
        compiler = ["c++", "-std=c++17", *STRICT[1:]] if source.suffix == ".cpp" else ["cc", *STRICT]
        run(*compiler, source, "-o", program, *shlex.split(flags), "-lm")
        return program

    def check_numbers(self, text):
        lines = [line.split(" ") for line in text.splitlines()]
        said = {line[0]: line[1:] for line in lines}
        version = re.search(r"VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text()
                            .split("project(", 1)[1])[1]
        self.assertEqual(said["version"], [version])
        self.assertEqual(said["openmp"], ["1"])
        # three modes of loss (1 + 4 + 1/4)/(2*3)
        self.assertAlmostEqual(float(said["loss"][0]), 5.25 / 6, delta=1e-15)
        shells = [[float(word) for word in line[1:]] for line in lines if line[0] == "shell"]
        self.assertGreaterEqual(len(shells), 5)
        h = math.log(2)
        modes = [(0.25, 1.0), (1.0, 4.0), (4.0, 0.25)]
        for s, energy, dissipation in shells:
            def above(cut, power):
                return sum(smoothstep((math.log(l) - cut) / h) * l ** power * g for l, g in modes)
            # a few roundings of quantities of order one
            self.assertAlmostEqual(energy, (above(s, 0) - above(s + h, 0)) / 6, delta=1e-13)
            self.assertAlmostEqual(dissipation, above(s, 1) / 3, delta=1e-13)
        self.assertAlmostEqual(sum(shell[1] for shell in shells), 5.25 / 6, delta=1e-13)
        self.assertEqual(said["refused"][0], "1")
        self.assertIn("rn_shell_grid_choose", " ".join(said["refused"]))

    def test_pkg_config_builds_a_strangers_program(self):
        flags = self.pkg_config("--cflags", "--libs")
        program = self.build(HERE / "stranger/stranger.c", flags)
        self.check_numbers(run(program, LD_LIBRARY_PATH=str(self.lib)))
        program = self.build(HERE / "stranger/umbrella.cpp", flags)
        self.assertIn("version", run(program, LD_LIBRARY_PATH=str(self.lib)))

    def test_pkg_config_links_statically(self):
        flags = self.pkg_config("--cflags", "--libs", "--static").replace("-lrenorm",
                                                                          "-l:librenorm.a")
        program = self.build(HERE / "stranger/stranger.c", flags)
        self.assertNotIn("librenorm", run("ldd", program))
        self.check_numbers(run(program))

    def test_find_package_builds_a_strangers_program_and_the_examples(self):
        examples = next(self.prefix.rglob("examples"))
        self.assertEqual(sorted(path.stem for path in examples.glob("*.c")),
                         sorted(path.stem for path in (SOURCE / "examples").glob("*.c")))
        run("cmake", "-S", HERE / "stranger", "-B", self.work, f"-DEXAMPLES={examples}",
            f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", self.work)
        self.check_numbers(run(self.work / "stranger"))
        self.check_numbers(run(self.work / "stranger_static"))
        self.assertNotIn("librenorm", run("ldd", self.work / "stranger_static"))
        self.assertIn("version", run(self.work / "umbrella"))
        for name in EXAMPLES[:2]:
            run(self.work / name)
        shown = run(self.work / EXAMPLES[2], self.prefix / "share/renorm/configs/tiny.yaml")
        self.assertRegex(shown, r"step 0, loss 0\.\d+")
        self.assertRegex(shown, r"step 60, loss 0\.\d+")

    def test_find_package_refuses_another_version_and_components(self):
        for request in ("9.0 REQUIRED", "0.1 REQUIRED COMPONENTS gpu"):
            (self.work / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.13)\nproject(p LANGUAGES C)\n"
                f"find_package(renorm {request})\n")
            shown = run("cmake", "-S", self.work, "-B", self.work / "b", status=1,
                        CMAKE_PREFIX_PATH=str(self.prefix))
            self.assertRegex(shown, r"compatible|no\s+components")

    def test_headers_compile_alone_from_the_prefix(self):
        headers = sorted((self.prefix / "include/renorm").glob("*.h"))
        self.assertEqual({path.name for path in headers},
                         {path.name for path in (SOURCE / "include/renorm").glob("*.h")})
        for language in (["gcc", "-x", "c", *STRICT], ["g++", "-x", "c++", "-std=c++17", *STRICT[1:]]):
            for path in headers:
                done = subprocess.run(
                    [*language, "-fsyntax-only", "-I", str(self.prefix / "include"), "-"], text=True,
                    input=f"#include <renorm/{path.name}>\n" * 2 + "typedef int not_empty;\n",
                    capture_output=True, env=CLEAN, check=False)
                self.assertEqual(done.returncode, 0, f"{language[0]} {path.name}\n{done.stderr}")

    def test_umbrella_header_includes_every_other(self):
        text = (self.prefix / "include/renorm/renorm.h").read_text()
        for path in (self.prefix / "include/renorm").glob("*.h"):
            if path.name != "renorm.h":
                self.assertIn(f"#include <renorm/{path.name}>", text)

    def test_library_exports_what_the_headers_declare_and_nothing_else(self):
        library = self.lib / "librenorm.so"
        exported = {line.split()[-1] for line in
                    run("nm", "-D", "--defined-only", library).splitlines()}
        self.assertEqual({name for name in exported if not name.startswith("rn_")}, set())
        declared = set()
        for path in (self.prefix / "include/renorm").glob("*.h"):
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)
            for match in re.finditer(r"\bRN_API\b([^;{]*?)(\brn_\w+)\s*\(", text):
                declared.add(match[2])
        self.assertGreater(len(declared), 100)
        self.assertEqual(declared - exported, set())
        self.assertEqual(exported - declared, set())

    def test_library_carries_its_interface_number(self):
        shown = run("readelf", "-d", self.lib / "librenorm.so")
        self.assertRegex(shown, r"SONAME.*\[librenorm\.so\.0\]")
        self.assertTrue((self.lib / "librenorm.so").is_symlink())
        self.assertNotIn(str(BUILD), shown)

    def test_program_works_from_where_it_was_moved(self):
        program = self.prefix / "bin/renorm"
        libraries = run("ldd", program)
        self.assertIn(f"{self.lib.name}/librenorm.so.0", libraries)
        self.assertNotIn(str(BUILD), libraries)
        self.assertRegex(run("sh", "-c", 'ldd "$0"', self.lib / "librenorm.so"),
                         r"libopenblas\.so\.0 => \S*openblas-openmp/")
        self.assertIn("OpenMP build", run(program, "info"))
        self.assertNotIn("failed", run(program, "selftest"))
        run(program, "run", self.prefix / "share/renorm/configs/tiny.yaml", "-q", "-o", "r",
            cwd=self.work)
        self.assertTrue((self.work / "r/metrics.csv").is_file())

    def test_nothing_installed_names_the_folder_of_the_build(self):
        for name in files_below(self.prefix):
            content = (self.prefix / name).read_bytes()
            if not content.startswith((b"\x7fELF", b"!<arch>")):  # those carry lines for debuggers
                self.assertFalse(str(SOURCE).encode() in content, name)

    def test_uninstalling_leaves_nothing(self):
        listed = {Path(line).relative_to(self.first).as_posix() for line in self.manifest if line}
        self.assertEqual(listed, files_below(self.prefix))
        target = self.work / "again"
        run("cmake", "--install", BUILD, "--prefix", target)
        foreign = target / "lib/theirs"
        foreign.write_text("stays\n")
        run("cmake", "-P", BUILD / "install/uninstall.cmake")
        self.assertEqual(files_below(target), {"lib/theirs"})
        self.assertEqual([path for path in target.rglob("renorm*")], [])


class Manual(unittest.TestCase):
    """Pages and completions against what the program says of itself."""

    @classmethod
    def setUpClass(cls):
        cls.program = BUILD / "cli/renorm"
        cls.folder = BUILD / "cli/manual"
        section = run(cls.program, "--help").split("Commands:\n")[1].split("\n\n")[0]
        cls.commands = [line.split()[0] for line in section.splitlines()]
        topics = run(cls.program, "help").split("Topics")[1]
        cls.topics = re.findall(r"^  (\w\S*)", topics, flags=re.M)  # folded help stands further in

    def complete(self, line, breaks=" \t\n\"'><=;|&(:", cwd=None):
        """What bash offers at the end of a line; `=` after a word separates, as in bash."""
        script = f'source "$1"; COMP_WORDBREAKS=$2 COMP_LINE=$3 COMP_POINT=${{#3}}; _renorm; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        shown = run("bash", "-c", script, "bash", self.folder / "renorm.bash", breaks, line, cwd=cwd)
        return [word for word in shown.splitlines() if word]

    def page(self, name):
        """A page as text in wide lines; any warning of groff would stand in it, too."""
        return run("groff", "-man", "-Tascii", "-P-cbou", "-rLL=200n", "-rHY=0", "-ww",
                   self.folder / name)

    def test_every_command_has_a_page_with_all_its_options(self):
        self.assertIn("run", self.commands)
        main = self.page("renorm.1")
        for name in self.commands:
            self.assertIn(f"renorm-{name}(1)", main)
            page = self.page(f"renorm-{name}.1")
            helped = run(self.program, name, "--help")
            options = re.findall(r"^ +(?:-\w, )?(--\w[\w-]*)", helped, flags=re.M)
            self.assertIn("--help", options)
            for option in options:
                self.assertRegex(page, rf"(?m)^ +(-\w, )?{option}\b", f"{name} {option}")

    def test_configuration_page_tells_every_setting_with_its_default(self):
        page = self.page("renorm-config.5")
        flat = re.sub(r"\s+", " ", page).lower()
        n_settings = 0
        for topic in self.topics:
            for line in run(self.program, "help", topic).splitlines():
                if re.match(r"  \w+: ", line):
                    n_settings += 1
                    self.assertIn(line.strip().lower(), flat, topic)
        self.assertGreater(n_settings, 50)

    def test_pages_are_without_mistakes_of_roff(self):
        for page in [*self.folder.glob("*.1"), *self.folder.glob("*.5")]:
            self.assertNotIn("warning:", self.page(page.name))
            self.assertNotIn("error:", self.page(page.name))
            self.assertNotIn("\n\n", page.read_text(), page)

    def test_bash_completes_commands_options_settings_topics_and_files(self):
        run("bash", "-n", self.folder / "renorm.bash")
        self.assertEqual(self.complete("renorm "), [*self.commands, "--help", "--version"])
        self.assertEqual(self.complete("renorm inf"), ["info"])
        self.assertEqual(self.complete("renorm run --se"), ["--set", "--seed"])
        self.assertEqual(self.complete("renorm run x.yaml --set model.dep"), ["model.depth="])
        self.assertEqual(self.complete("renorm run x.yaml --set model.kind=m"), ["mlp"])
        self.assertEqual(self.complete("renorm run x.yaml --set=model.kind=m"), ["mlp"])
        self.assertEqual(self.complete("renorm run x.yaml --set=model.kind=m", breaks=" \t\n"),
                         ["--set=model.kind=mlp"])
        self.assertIn("relu", self.complete("renorm run x.yaml --set model.activation="))
        self.assertEqual(self.complete("renorm help model.m"), ["model.mlp"])
        self.assertEqual(self.complete("renorm run --seed "), [])
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.yaml", "b.txt"):
                Path(folder, name).touch()
            Path(folder, "sub").mkdir()
            self.assertEqual(sorted(self.complete("renorm run ", cwd=folder)), ["a.yaml", "sub"])
            self.assertEqual(self.complete("renorm run a.yaml -o ", cwd=folder), ["sub"])

    def test_bash_completes_at_a_terminal(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(PS1="", TERM="dumb", INPUTRC="/dev/null")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        os.write(terminal, f"source '{self.folder}/renorm.bash'; echo rea''dy\n".encode())
        self.read_until(terminal, "ready")
        for typed, shown in (("renorm ru\tx.yaml --set model.kind=li\t", "run x.yaml --set model.kind=linear "),
                             ("renorm run --set=model.dep\t7", "--set=model.depth=7")):
            os.write(terminal, typed.encode())
            self.read_until(terminal, shown)
            os.write(terminal, b"\x15")  # Ctrl-U: an empty line
        os.close(terminal)
        os.waitpid(pid, 0)

    def read_until(self, terminal, wanted):
        seen = ""
        while wanted not in seen:
            ready = select.select([terminal], [], [], 20)[0]
            self.assertTrue(ready, f"{wanted!r} did not come after {seen!r}")
            seen += os.read(terminal, 4096).decode(errors="replace")

    def test_every_setting_and_every_choice_is_offered(self):
        offered = set(self.complete("renorm run x.yaml --set ", breaks=" \t\n"))
        expected = set()
        for topic in self.topics:
            section, _, kind = topic.partition(".")
            start = "" if section == "top" else f"{section}."
            if kind:
                expected.add(f"{section}.kind={kind}")
            for block in re.split(r"(?m)^  (?=\w+: )", run(self.program, "help", topic))[1:]:
                key = block.split(":")[0]
                choice = re.search(r"one of: ([^\n]*(\n      [^\n]*)*)", block)
                words = re.findall(r"\w+", choice[1]) if choice else [""]
                if "true or false" in block:
                    words = ["true", "false"]
                expected |= {f"{start}{key}={word}" for word in words}
        self.assertEqual(offered, expected)
        self.assertGreater(len(offered), 50)

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_zsh_reads_its_completion(self):
        run("zsh", "-n", self.folder / "_renorm")

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_fish_completes(self):
        script = f'source "{self.folder}/renorm.fish"; complete -C "$LINE"'
        self.assertIn("info", run("fish", "-c", script, LINE="renorm inf"))
        self.assertIn("model.kind=mlp", run("fish", "-c", script, LINE="renorm run --set model.kind=m"))
        self.assertIn("--seed", run("fish", "-c", script, LINE="renorm run --se"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
