"""Opens the pages that page.sh made in Chromium: every figure holds the numbers of the other commands, every control does
what it says, nothing is asked of a network, and nothing is written to the console."""

import json
import pathlib
import sys
import unittest

import h5py
import numpy as np
from playwright.sync_api import sync_playwright

WORK = pathlib.Path(sys.argv.pop(1))


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.playwright = sync_playwright().start()
        cls.browser = cls.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        cls.evaluate = json.loads((WORK / "evaluate.json").read_text())
        cls.forecast = json.loads((WORK / "forecast.json").read_text())
        cls.c = np.load(WORK / "c.npy")
        with h5py.File(WORK / "c.h5") as file:
            cls.q = file["q"][:]
        cls.edges = json.loads((WORK / "edges.json").read_text())["edges"]

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()

    def open(self, name, **options):
        self.context = self.browser.new_context(**options)
        self.addCleanup(self.context.close)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"file://{WORK / name}")
        self.drawn()

    def drawn(self):
        self.page.wait_for_selector("body[data-drawn=yes]", timeout=60000)

    def tearDown(self):
        self.assertEqual(self.said, [])
        self.assertEqual([url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))], [])

    def figure(self, name):
        """The traces of a figure, arrays as lists."""
        return self.page.evaluate(
            """(id) => document.getElementById(id).data.map((trace) => JSON.parse(JSON.stringify(trace,
               (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value))))""", f"fig-{name}")

    def trace(self, name, label):
        return next(t for t in self.figure(name) if t.get("name") == label)

    def set(self, control, value):
        """Sets a slider as the user does: the page hears of it by an event."""
        self.page.locator(f"#{control}").fill(str(value))

    def heat_map(self):
        return np.array(self.figure("connectivity")[0]["z"], dtype=float)

    def order(self):
        return self.page.evaluate("orderOf(session, document.getElementById('connectivity-order').value)")

    def near(self, found, expected, tolerance):
        np.testing.assert_allclose(np.array(found, dtype=float), np.array(expected, dtype=float), rtol=0, atol=tolerance)

    # ---- figures hold the numbers of the other commands ----

    def test_baselines(self):
        self.open("model.html")
        dots, gains, *beyond = self.figure("baselines")
        error = dict(zip(dots["y"], dots["x"]))
        self.near(error["SynapsNet"], self.evaluate["test"]["mse"], 1e-8)
        for name, metrics in self.evaluate["baselines"].items():
            self.near(error[name], metrics["mse"], 1e-8)
            interval = self.evaluate["intervals"][f"mse {name} - synapsnet"]
            if name not in gains["y"]:
                k = beyond[0]["y"].index(name)
                self.near(beyond[0]["customdata"][k], interval["mean"], 1e-8)
                continue
            k = gains["y"].index(name)
            self.near(gains["x"][k], interval["mean"], 1e-8)
            self.near(gains["x"][k] + gains["error_x"]["array"][k], interval["high"], 1e-8)
            self.near(gains["x"][k] - gains["error_x"]["arrayminus"][k], interval["low"], 1e-8)
        row = self.page.locator("#metrics tr", has_text="SynapsNet").inner_text()
        self.assertIn(f"{self.evaluate['test']['r2']:.4f}".replace("-", "\u2212"), row)

    def test_horizon(self):
        self.open("model.html")
        for label, key in (("SynapsNet", "mse"), ("copy-last", "mse_copy_last"), ("mean", "mse_mean")):
            self.near(self.trace("horizon", label)["y"], self.forecast[key], 1e-8)
        for page in ("#traces-note", "#horizon-note"):
            words = self.page.locator(page).inner_text()
            inside = self.forecast["one_step_coverage" if "traces" in page else "coverage"]
            self.assertIn(f"{100 * np.ravel(inside)[0]:.2g} %", words)

    def test_connectivity(self):
        self.open("model.html")
        for order in ("index", "cluster", "type"):
            self.page.select_option("#connectivity-order", order)
            for lag in (0, 2, 3):
                self.set("connectivity-lag", lag)
                places = self.order()
                self.assertEqual(sorted(places), list(range(11)))
                expected = self.c[lag][np.ix_(places, places)]
                self.near(self.heat_map(), expected, 1e-4 * np.abs(self.c).max())

    def test_traces(self):
        self.open("model.html")
        with h5py.File(WORK / "forecast.h5") as file:
            truth, prediction = file["one_step/truth"][:], file["one_step/prediction"][:]
            lower, upper = file["one_step/lower"][:], file["one_step/upper"][:]
            time = file["one_step/time_s"][:]
        self.page.select_option("#traces-count", "1")
        for neuron in (0, 7):
            self.page.select_option("#traces-neuron", str(neuron))
            recorded, predicted = self.trace("traces", "recorded"), self.trace("traces", "predicted one frame ahead")
            self.near(recorded["x"], time, 1e-6)
            self.near(recorded["y"], truth[:, neuron], 1e-4 * np.ptp(truth[:, neuron]))
            self.near(predicted["y"], prediction[:, neuron], 1e-4 * np.ptp(truth[:, neuron]))
            band = self.trace("traces", "95 % interval")  # to the end at the top, and back
            self.near(band["y"][:len(time)], prediction[:, neuron] + upper[neuron], 1e-4 * np.ptp(truth[:, neuron]))
            self.near(band["y"][len(time):-1][::-1], prediction[:, neuron] + lower[neuron], 1e-4 * np.ptp(truth[:, neuron]))
            r = np.corrcoef(truth[:, neuron], prediction[:, neuron])[0, 1]
            self.near(self.page.evaluate(f"session.neurons.r[{neuron}]"), r, 1e-6)

    def test_stimulation(self):
        self.open("model.html")
        expected = np.load(WORK / "response.npy")  # [K][N]
        m = self.page.evaluate("session.stimulation.sender.indexOf(3)")
        self.page.select_option("#stimulation-neuron", str(m))
        self.page.select_option("#stimulation-order", "index")
        z = np.array(next(t for t in self.figure("stimulation") if t["type"] == "heatmap")["z"])
        self.near(z, np.delete(expected, 3, axis=1).T, 1e-4 * np.abs(expected).max())
        low, high = self.page.evaluate("document.getElementById('fig-stimulation').layout.yaxis.range")
        self.assertLessEqual(low, 0)
        self.assertGreaterEqual(high, 0)

    # ---- controls do what they say ----

    def test_traces_controls(self):
        self.open("model.html")
        chosen = lambda: self.page.locator("#traces-neuron").input_value()
        order = lambda: self.page.locator("#traces-neuron option").evaluate_all("options => options.map((o) => Number(o.value))")
        r = self.page.evaluate("session.neurons.r")
        self.assertEqual(order(), sorted(range(11), key=lambda i: -r[i]))
        before = chosen()
        self.page.click("#traces-next")
        self.assertEqual(order().index(int(chosen())), order().index(int(before)) + 1)
        self.page.click("#traces-previous")
        self.assertEqual(chosen(), before)
        self.page.select_option("#traces-sort", "index")
        self.assertEqual(order(), list(range(11)))
        self.assertEqual(chosen(), before)
        for count in (1, 3, 6):
            self.page.select_option("#traces-count", str(count))
            self.assertEqual(len(self.figure("traces")), 3 * count)

    def test_strongest_share(self):
        self.open("model.html")
        whole = np.abs(self.heat_map())
        pairs = ~np.eye(11, dtype=bool)
        for place, share in ((1, 0.5), (3, 0.1)):
            self.set("connectivity-share", place)
            kept = ~np.isnan(self.heat_map())
            self.assertLess(abs(kept.sum() - min(share * pairs.sum(), (whole > 0).sum())), 2)
            self.assertGreaterEqual(whole[kept].min(), np.sort(whole[pairs])[-kept.sum()])
        self.assertIn("10", self.page.locator("#connectivity-share-value").inner_text())

    def rates(self, control):
        """Every place of a slider of false discovery rates, and the rate that is shown there; None for all pairs."""
        for place in range(int(self.page.locator(f"#{control}").get_attribute("max")) + 1):
            self.set(control, place)
            shown = self.page.locator(f"#{control}-value").inner_text()
            self.assertEqual(shown == "all pairs", place == 0)
            yield place, None if place == 0 else float(shown.replace("\u2212", "-"))

    def test_significant_pairs(self):
        """At every rate the map holds C of the pairs whose q is at or below the rate, and no other; lag 0 alone is tested."""
        self.open("model.html")
        self.page.select_option("#connectivity-order", "index")
        pairs = ~np.eye(11, dtype=bool)
        self.assertEqual(self.page.locator("#connectivity-fdr").input_value(), "0")
        before = None
        for place, rate in self.rates("connectivity-fdr"):
            found = pairs & (self.q <= rate) if rate else pairs
            z = self.heat_map()
            kept = ~np.isnan(z) & (pairs if rate is None else True)
            np.testing.assert_array_equal(kept, found)
            self.near(z[kept], self.c[0][kept], 1e-4 * np.abs(self.c).max())
            self.assertEqual(self.page.locator("#connectivity-lag").is_disabled(), rate is not None)
            self.assertIn(f"{found.sum()} of 110 ordered pairs", self.page.locator("#connectivity-note").inner_text())
            if rate is not None:
                self.assertEqual(self.page.evaluate(f"session.edges.levels[{place - 1}].found"), found.sum())
                self.assertTrue(before is None or rate < before)
            before = rate
        self.assertTrue(0 < (pairs & (self.q <= 0.1)).sum() < 110)

    def test_significant_and_strongest(self):
        self.open("model.html")
        self.page.select_option("#connectivity-order", "index")
        self.set("connectivity-share", 1)
        strongest = ~np.isnan(self.heat_map())
        self.set("connectivity-fdr", 3)
        np.testing.assert_array_equal(~np.isnan(self.heat_map()), strongest & (self.q <= 0.1))

    def test_words_are_those_of_the_program(self):
        """The page says of the edges what `synapsnet connectivity` prints."""
        for name in ("model", "calcium"):
            self.open(f"{name}.html")
            printed = (WORK / f"{name}.txt").read_text()
            found = self.page.locator("#edges-found").inner_text().replace("\u202f", "").replace("\u2212", "-").rstrip(".")
            for sentence in found.split(". "):
                self.assertIn(sentence + "\n", printed)
            notes = self.page.locator("#edges-notes li").all_inner_texts()
            said = [line.removeprefix("Note: ") for line in printed.split("\n") if line.startswith("Note: ")]
            self.assertEqual(notes, [f"{line[0].upper()}{line[1:]}." for line in said])

    def test_surest_edges(self):
        self.open("model.html")
        rows = self.page.locator("#surest tbody tr").evaluate_all("rows => rows.map((r) => [...r.cells].map((c) => c.textContent))")
        self.assertEqual(len(rows), len(self.edges["top"]))
        number = lambda text: float(text.replace("\u2212", "-"))
        for row, e in zip(rows, self.edges["top"]):
            self.assertEqual(row[:2], [e["presynaptic"], e["postsynaptic"]])
            low, high = row[3].split(" to ")
            self.near([number(x) for x in (row[2], low, high, row[6])], [e[k] for k in ("estimate", "low", "high", "c")], 5.1e-5)
            for text, key in ((row[4], "p"), (row[5], "q")):
                self.assertLessEqual(abs(number(text) / e[key] - 1), 0.05)

    def test_nothing_significant(self):
        """Where no edge is found the graph says so, and shows what there is when it is asked for."""
        self.open("calcium.html")
        level = self.page.evaluate("Math.max(...session.level())")
        arrows = lambda: sum(len(t["x"]) // 3 for t in self.figure("graph") if t.get("name") in ("rises", "falls"))
        self.set("graph-fdr", level + 1)
        self.assertIn("No edge is significant", self.page.locator("#graph-note").inner_text())
        self.assertFalse(self.page.locator("#fig-graph").is_visible())
        self.set("graph-fdr", 0)
        self.assertTrue(self.page.locator("#fig-graph").is_visible())
        self.assertEqual(arrows(), 50)

    def test_graph(self):
        """At first the strongest edges that are found at the usual rate, then as many and as sure as is asked for."""
        self.open("model.html")
        off = sorted(((abs(self.c[0][i][j]), j, i) for i in range(11) for j in range(11) if i != j), reverse=True)
        drawn = lambda: sum(len(t["x"]) // 3 for t in self.figure("graph") if t.get("name") in ("rises", "falls"))
        expected = lambda rate, count: [(j, i) for c, j, i in off if c > 0 and (rate is None or self.q[i][j] <= rate)][:count]
        self.assertEqual(self.page.locator("#graph-fdr-value").inner_text(), "0.1")
        self.assertEqual(drawn(), len(expected(0.1, 50)))
        for place, rate in self.rates("graph-fdr"):
            rule = self.page.locator("#graph-rule").inner_text()
            shown = self.page.locator("#graph-fdr-value").inner_text()
            self.assertIn(f"rate of {shown}," if rate else "whether significant or not", rule)
            for count in (5, 20):
                most = int(self.page.locator("#graph-count").get_attribute("max"))
                self.assertEqual(most, max(1, len(expected(rate, 200))))
                bare = sum(rate is not None and self.q[i][j] <= rate and c == 0 for c, j, i in off)
                self.assertEqual("no arrow" in self.page.locator("#graph-note").inner_text(), bare > 0)
                self.set("graph-count", min(count, most))
                edges = self.page.evaluate(f"strongestEdges(session, {count}, {place}).map((e) => [e.from, e.to])")
                self.assertEqual([tuple(e) for e in edges], expected(rate, count))
                self.assertEqual(drawn(), len(edges))
                self.assertTrue(self.page.locator("#graph-count-value").inner_text().startswith(f"{len(edges)} of "))
        self.set("graph-fdr", 3)
        places = {}
        for layout in ("springs", "cluster", "type"):
            self.page.select_option("#graph-layout", layout)
            places[layout] = json.dumps([t["x"] for t in self.figure("graph")])
        self.assertEqual(len(set(places.values())), 3)
        self.page.select_option("#graph-colour", "none")
        self.assertFalse(any(t.get("name") in ("E", "I") for t in self.figure("graph")))

    def test_map_of_tested_estimates(self):
        """Where C is not what was tested, pairs that are found are coloured by what was"""
        self.open("calcium.html")
        self.page.select_option("#connectivity-order", "index")
        self.set("connectivity-fdr", 1)
        with h5py.File("calcium_c.h5") as f:
            estimate, q = f["estimate"][:], f["q"][:]
        z, found = self.heat_map(), q <= 0.5
        self.assertTrue(0 < found.sum() < 132)
        np.testing.assert_array_equal(~np.isnan(z), found)
        self.near(z[found], estimate[found], 1e-3 * np.abs(estimate).max())
        self.assertIn("estimate", self.page.locator("#fig-connectivity").inner_text())
        for n in (20, 300, 1000):
            marks = self.page.evaluate(f"""marksOf([{{ x: 1, y: 2, value: 3 }}], {n}, session.neurons.id,
                {{ limit: 3, name: 'C' }}, signedScale())""")
            self.assertGreaterEqual(marks["marker"]["size"], 7)
            self.assertEqual((marks["x"], marks["y"], marks["customdata"][0][2]), ([1], [2], 3))

    def test_graph_of_spikes(self):
        """Where spikes were tested the arrows are the estimates, not C, which is 0 here."""
        self.open("trains.html")
        with h5py.File("trains_c.h5") as f:
            estimate, q = f["estimate"][:], f["q"][:]
        found = sorted(((abs(estimate[i, j]), j, i) for i, j in zip(*np.where(q <= 0.1))), reverse=True)
        self.assertGreater(len(found), 5)
        edges = self.page.evaluate("strongestEdges(session, 1000, usualPlace(session))")
        self.assertEqual({(e["from"], e["to"]) for e in edges}, {(j, i) for _, j, i in found})
        np.testing.assert_allclose([e["value"] for e in edges], [estimate[e["to"], e["from"]] for e in edges], atol=1e-3 * found[0][0])
        for sign, name in ((1, "rises"), (-1, "falls")):
            drawn = sum(len(t["x"]) // 3 for t in self.figure("graph") if t.get("name") == name)
            self.assertEqual(drawn, min(sum(np.sign(e["value"]) == sign for e in edges), 1000))
        self.assertIn("absolute value of the estimate", self.page.locator("#graph-note").inner_text())

    def test_embedding(self):
        self.open("model.html")
        self.assertEqual(sorted(t["name"] for t in self.figure("embedding")), ["E", "I"])
        self.page.select_option("#embedding-colour", "r")
        one, = self.figure("embedding")
        points = self.page.evaluate("session.embedding.component")
        self.near(one["x"], [p[0] for p in points], 1e-9)
        self.page.select_option("#embedding-axes", "1,2")
        self.near(self.figure("embedding")[0]["y"], [p[2] for p in points], 1e-9)

    def test_names_of_groups_have_room(self):
        self.open("model.html")
        for pixels in (150, 300, 600):
            stops = np.cumsum([12, 45, 63, 11, 17, 114, 6, 48, 92, 101, 73, 63]).tolist()
            marks = [{"name": f"area{k}", "start": start, "stop": stop} for k, (start, stop) in enumerate(zip([0, *stops], stops))]
            made = self.page.evaluate("([marks, n, pixels]) => groupTicks(marks, n, pixels)", [marks, stops[-1], pixels])
            places = (np.array(made["ticks"]["tickvals"]) + 0.5) / stops[-1] * pixels
            self.assertTrue((np.diff(places) >= 14).all())
            self.assertIn("area5", made["ticks"]["ticktext"])
            self.assertEqual(made["all"], len(places) == 12)
            self.assertEqual(made["below"]["tickangle"], -90)
        two = self.page.evaluate("groupTicks([{name: 'E', start: 0, stop: 8}, {name: 'I', start: 8, stop: 11}], 11, 400)")
        self.assertTrue(two["all"] and two["below"]["tickangle"] == 0)

    def test_many_groups(self):
        """Their names take no place from the figure, and they are not the first choice of a colour."""
        self.open("model.html")
        self.page.evaluate("""() => { session.neurons.region = session.neurons.id.map((id) => `area ${id}`);
            session.neurons.region.push(...Array.from({ length: 20 }, (_, k) => `other ${k}`)); session.neurons.cell_type = null; showSections(); }""")
        self.assertEqual(self.page.locator("#embedding-colour").input_value(), "none")
        self.assertEqual(self.page.evaluate("legendOf('fig-embedding', Array(17)).legend.orientation"), "v")
        self.assertEqual(self.page.evaluate("legendOf('fig-embedding', Array(16))"), {})

    def test_average_of_candidates(self):
        """Where several candidates were averaged, the page says so, and by which shares."""
        for name in ("model", "calcium", "none"):
            self.open(f"{name}.html")
            members = self.page.evaluate("report.fit.connectivity.average_of || []")
            rows = self.page.locator("#candidates tbody tr").evaluate_all("all => all.map((row) => [...row.cells].map((c) => c.textContent))")
            labels = [row[0] for row in rows]
            self.assertEqual(len(set(labels)), len(labels), labels)
            self.assertEqual({row[0] for row in rows if row[-1].endswith("%")}, {m["candidate"] for m in members})
            note, method = (self.page.locator(f"#{one}").inner_text() for one in ("training-note", "method-table"))
            self.assertEqual(f"an average of the weights of {len(members)} candidates" in note, bool(members))
            self.assertEqual("averaged with those of" in method, bool(members))
            without = any(row[0] == "no connectivity" for row in self.page.locator("#metrics tbody tr").evaluate_all("all => all.map((row) => [row.cells[0].textContent])"))
            self.assertEqual(self.page.locator("#without-words").is_visible(), without)

    def test_names_of_neurons(self):
        self.open("model.html")
        self.page.evaluate("session.neurons.region = session.neurons.cell_type = null; session.neurons.id.splice(0, 2, 'neuron7', 'AVAL')")
        self.assertEqual(self.page.evaluate("[0, 1].map((i) => nameOf(session, i))"), ["neuron7", "Neuron AVAL"])

    def test_recordings(self):
        self.open("pair.html")
        self.assertEqual(self.heat_map().shape, (11, 11))
        self.page.select_option("#session", "1")
        self.drawn()
        self.assertEqual(self.heat_map().shape, (12, 12))
        self.assertEqual(len(self.page.evaluate("session.neurons.id")), 12)

    def test_scores_of_the_recording_shown(self):
        """Words, chart and warnings are of the recording that is chosen; its mean with the others is there as well."""
        self.open("pair.html")
        error = lambda: dict(zip(*(self.figure("baselines")[0][axis] for axis in "yx")))
        evaluation = self.page.evaluate("report.evaluation")
        for k, scores in enumerate(evaluation["sessions"]):
            self.page.select_option("#session", str(k))
            self.drawn()
            self.near(error()["SynapsNet"], scores["test"]["mse"], 1e-8)
            self.near(error()["copy-last"], scores["baselines"]["copy-last"]["mse"], 1e-8)
            interval = scores["intervals"]["mse copy-last - synapsnet"]
            self.near(interval["mean"], scores["baselines"]["copy-last"]["mse"] - scores["test"]["mse"], 1e-7)
            self.assertLess(interval["low"], interval["high"])
            fitted = self.page.evaluate("report.fit.sessions")[k]
            self.near(error()["no connectivity"], fitted["baselines"]["no connectivity"]["mse"], 1e-8)
            self.near(fitted["intervals"]["mse no connectivity - synapsnet"]["mean"],
                      error()["no connectivity"] - error()["SynapsNet"], 1e-7)
            chosen = self.page.locator("#by-recording tr.chosen").inner_text().split()
            self.assertEqual(chosen[0], f"sim{k + 1}.h5")
            self.assertEqual(chosen[1:5], [f"{error()[name]:.4f}" for name in ("SynapsNet", "no connectivity", "copy-last", "mean")])
            self.page.select_option("#baselines-of", "all")
            self.near(error()["SynapsNet"], evaluation["test"]["mse"], 1e-8)
            self.page.select_option("#baselines-of", "this")
            tiles = self.page.locator("#tiles").inner_text()
            self.assertIn(f"{scores['frames']}", tiles)
            for text in self.page.locator("#warnings li").all_inner_texts():
                self.assertFalse(text.startswith(f"sim{2 - k}.h5:"))
        words = self.page.locator("#verdict").inner_text()
        self.assertIn("This recording: ", words)
        self.assertIn("Mean over all 2 recordings: ", words)
        self.assertEqual(words.count("the same model without connections"), 2)
        self.assertEqual(self.page.locator("#session option").all_inner_texts(), ["sim1.h5", "sim2.h5"])

    def test_time_from_the_start(self):
        """A recording whose clock starts late is drawn from 0 on, and the page says when that was."""
        self.open("pair.html")
        first = [x for x in self.trace("traces", "recorded")["x"] if x is not None]
        self.assertNotIn("own clock", self.page.locator("#traces-note").inner_text())
        self.page.select_option("#session", "1")
        self.drawn()
        second = [x for x in self.trace("traces", "recorded")["x"] if x is not None]
        self.near(second, first, 1e-3)
        note = self.page.locator("#traces-note").inner_text().replace("\u202f", "")
        self.assertIn("starts at 1228345.5 s of its own clock", note)

    def test_sections_without_data(self):
        self.open("none.html")
        self.assertFalse(self.page.locator("#stimulation").is_visible())
        self.assertEqual(self.page.locator("nav a[href='#stimulation']").count(), 0)
        self.assertTrue(self.page.locator("#traces").is_visible())

    def test_edges_of_a_model_without_connectivity(self):
        """They are tested, and what `connectivity` finds is drawn and listed."""
        self.open("none.html")
        with h5py.File("none_c.h5") as f:
            q = f["q"][:]
        self.assertGreater((q <= 0.1).sum(), 3)
        edges = self.page.evaluate("strongestEdges(session, 1000, usualPlace(session))")
        self.assertEqual({(e["from"], e["to"]) for e in edges}, {(j, i) for i, j in zip(*np.where(q <= 0.1))})
        self.assertIn(f"{(q <= 0.1).sum()} of", self.page.locator("#edges-found").inner_text())
        self.assertTrue(self.page.locator("#surest").is_visible())
        self.assertIn("Coloured by the estimate that was tested", self.page.locator("#connectivity-note").inner_text())
        self.assertTrue(self.page.locator("#connectivity-note").inner_text().startswith(f"{(q <= 0.1).sum()} of"))

    # ---- readers ----

    def test_keyboard(self):
        """Every control can be reached by Tab, has a name, and shows that it has the focus."""
        self.open("model.html")
        controls = set(self.page.locator("select, button, input").evaluate_all(
            "all => all.filter((c) => c.offsetParent && c.closest('header, .controls')).map((c) => c.id)"))
        reached = set()
        for _ in range(120):
            self.page.keyboard.press("Tab")
            reached.add(self.page.evaluate("document.activeElement.id"))
        self.assertEqual(controls - reached, set())
        for control in controls:
            named = self.page.evaluate(f"(document.getElementById('{control}').labels[0] || document.getElementById('{control}')).textContent.trim()")
            self.assertTrue(named, control)
        for div in self.page.locator(".plot").all():
            if div.is_visible():
                self.assertTrue(div.get_attribute("aria-label"))
        self.page.focus("#connectivity-lag")
        self.page.keyboard.press("ArrowRight")
        self.assertIn("1 (", self.page.locator("#connectivity-lag-value").inner_text())

    def test_light_dark_print(self):
        paper = lambda: self.page.evaluate("document.getElementById('fig-horizon').layout.paper_bgcolor")
        self.open("model.html", color_scheme="light")
        self.assertEqual(paper(), "#ffffff")
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_function("document.getElementById('fig-horizon').layout.paper_bgcolor !== '#ffffff'")
        self.drawn()
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(paper(), "#ffffff")
        self.page.evaluate("dispatchEvent(new Event('afterprint'))")
        self.assertNotEqual(paper(), "#ffffff")
        self.assertGreater(len(self.page.pdf()), 50000)

    def test_print_while_drawing(self):
        """Whoever prints before all is drawn gets every figure."""
        context = self.browser.new_context(color_scheme="light")
        self.addCleanup(context.close)
        self.said, self.asked = [], []
        page = context.new_page()
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.add_init_script("""const plots = () => [...document.querySelectorAll('section:not([hidden]) .plot')];
            const drawn = () => plots().filter((div) => div.querySelector('.main-svg')).length;
            const watch = new MutationObserver(() => {
              if (!drawn()) return;
              watch.disconnect();
              window.counts = [drawn()];
              dispatchEvent(new Event('beforeprint'));
              window.counts.push(drawn(), plots().length);
            });
            watch.observe(document, { childList: true, subtree: true });""")
        page.goto(f"file://{WORK / 'model.html'}")
        page.wait_for_selector("body[data-drawn=yes]", timeout=60000)
        before, after, figures = page.evaluate("counts")
        self.assertLess(before, figures)
        self.assertEqual(after, figures)

    def test_hover_and_save(self):
        """The library as it is shipped has what the pointer and the buttons ask for."""
        self.open("model.html")
        for div in self.page.locator(".plot").all():
            div.scroll_into_view_if_needed()
            box = div.bounding_box()
            with self.page.expect_download() as saved:
                div.hover(position={"x": box["width"] / 2, "y": 60})
                div.locator(".modebar-btn").first.click()
            self.assertIn("</svg>", pathlib.Path(saved.value.path()).read_text())
        self.page.locator("#fig-connectivity .nsewdrag").hover()
        self.page.wait_for_selector("#fig-connectivity .hovertext")

    def test_all_is_in_sight(self):
        """Every section can be reached from the bar without scrolling it; no table of figures is cut, on paper neither."""
        whole = """(id) => { const box = document.getElementById(id).parentElement; return box.scrollWidth <= box.clientWidth; }"""
        for width in (1280, 800):
            self.open("trains.html", viewport={"width": width, "height": 900})
            for link in self.page.locator("nav a").all():
                box = link.bounding_box()
                self.assertTrue(0 <= box["x"] and box["x"] + box["width"] <= width)
            self.assertTrue(self.page.evaluate(whole, "metrics"))
        self.page.set_viewport_size({"width": 718, "height": 900})  # A4 with margins of 1 cm
        self.page.emulate_media(media="print")
        self.assertTrue(self.page.evaluate(whole, "metrics"))
        self.assertTrue(self.page.evaluate(whole, "surest"))

    def test_frames_between_the_splits(self):
        """Frames that are in no split are counted: with them the splits make up the recording."""
        self.open("model.html")
        row = self.page.locator("#facts tr", has_text="Split").inner_text().replace("\u202f", "")
        numbers = [int(word) for word in row.replace(".", " ").split() if word.isdigit()]
        self.assertEqual(len(numbers), 4)
        self.assertEqual(sum(numbers), 1200)

    def test_glossary(self):
        self.open("trains.html")
        self.assertFalse(self.page.locator("#glossary").is_visible())
        self.page.focus("summary")
        self.page.keyboard.press("Enter")
        names = self.page.locator("#glossary dt").all_inner_texts()
        heads = [text.replace("\u200b", "") for text in self.page.locator("#metrics thead th").all_inner_texts()]
        self.assertEqual(names, heads[1:])

    def test_narrow(self):
        for width in (800, 400):
            self.open("model.html", viewport={"width": width, "height": 900})
            self.assertLessEqual(self.page.evaluate("document.documentElement.scrollWidth"), width)
            for div in self.page.locator(".plot").all():
                self.assertLessEqual(div.bounding_box()["width"], width)


if __name__ == "__main__":
    unittest.main()
