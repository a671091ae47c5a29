"""Figures, all in one style."""

from .flow import FlowBox, flow_boxes, flow_diagram
from .forest import forest
from .funnel import funnel, funnel_data
from .growth import growth, growth_exponent, search_steps
from .maps import agreement_map, share_map
from .overview import OverviewRow, overview, overview_data
from .pictograph import pictograph
from .regression import regression, regression_data
from .risk_of_bias import bias_graph, bias_summary
from .robustness import exclusions, specification_curve, subsets
from .rows import forest_data
from .style import style

__all__ = [
    "FlowBox",
    "OverviewRow",
    "agreement_map",
    "bias_graph",
    "bias_summary",
    "exclusions",
    "flow_boxes",
    "flow_diagram",
    "forest",
    "forest_data",
    "funnel",
    "funnel_data",
    "growth",
    "growth_exponent",
    "overview",
    "overview_data",
    "pictograph",
    "regression",
    "regression_data",
    "search_steps",
    "share_map",
    "specification_curve",
    "style",
    "subsets",
]
