"""Tests of what turns measurements into results: python3 -m unittest discover -s bench/harness"""

import unittest
import xml.etree.ElementTree

import p1
import p6
import picture
import report
import sides


class Ratio(unittest.TestCase):
    def test_above_one_means_ours_is_better_whichever_way_is_better(self):
        more = report.metric("rate", "1/s", "higher", [10, 30, 20], [10], "peer")
        less = report.metric("time", "s", "lower", [1, 2, 3], [4], "peer")
        self.assertEqual(more["ratio_median"], 2)
        self.assertEqual(less["ratio_median"], 2)

    def test_nothing_measured_by_the_peer_gives_no_ratio(self):
        self.assertIsNone(report.metric("rate", "1/s", "higher", [1], [0], "peer")["ratio_median"])


class Figures(unittest.TestCase):
    def test_figures_carry_three_digits(self):
        self.assertEqual(report.figure(0), "0")
        self.assertEqual(report.figure(1234.5), "1,234")
        self.assertEqual(report.figure(0.012345), "0.0123")

    def test_a_spread_names_median_and_extremes(self):
        self.assertEqual(report.spread([3, 1, 200]), "3 (1-200)")


class Picture(unittest.TestCase):
    def test_the_picture_is_well_formed_and_shows_every_metric(self):
        metrics = [
            report.metric("a <b> & c", "1/s", "higher", [2, 4], [1, 1], "peer"),
            report.metric("nothing", "s", "lower", [0], [0], "peer"),
        ]
        root = xml.etree.ElementTree.fromstring(picture.bars("P0", metrics))
        bars = root.findall("{http://www.w3.org/2000/svg}path")
        self.assertEqual(len(bars), 4)
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("a <b> & c", words)


class Encryption(unittest.TestCase):
    def test_the_programs_rows_become_metrics_with_the_harness_ratio(self):
        row = {"name": "n", "unit": "us", "better": "lower", "ours": [2, 4], "peer": [6], "peer_name": "p"}
        (metric,) = p6.metrics({"program": {"metrics": [row]}})
        self.assertEqual((metric["name"], metric["ratio_median"]), ("n", 2))


class Growth(unittest.TestCase):
    def test_the_slope_is_the_change_per_ten_times(self):
        self.assertAlmostEqual(p1.slope([10, 100, 1000], [200, 180, 160]), -10)

    def test_each_size_and_the_slope_become_rows(self):
        rates = {side.key: {10: [100, 100], 100: [50, 90]} for side in p1.SIDES}
        rows = list(p1.growth_metrics(rates))
        self.assertEqual([row["ours"] for row in rows[:2]], [[100, 100], [50, 90]])
        self.assertEqual([round(value) for value in rows[2]["ours"]], [-50, -10])
        self.assertIsNone(rows[2]["ratio_median"])


class Turns(unittest.TestCase):
    def test_sides_take_turns_and_the_order_is_turned_round(self):
        order = [side.key for _, side in sides.in_turn(2)]
        self.assertEqual(order[:3], order[:2:-1])
        self.assertEqual(sorted(order[:3]), sorted(side.key for side in sides.SIDES))


if __name__ == "__main__":
    unittest.main()
