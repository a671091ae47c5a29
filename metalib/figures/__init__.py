"""Figures, all in one style."""

from .agreement import agreement_map
from .flow import FlowBox, flow_diagram
from .forest import forest
from .forest_rows import forest_data
from .funnel import funnel, funnel_data
from .growth import growth, growth_exponent
from .overview import OverviewRow, overview, overview_data
from .risk_of_bias import bias_graph, bias_summary
from .specification import specification_curve
from .style import style

__all__ = [
    "FlowBox",
    "OverviewRow",
    "agreement_map",
    "bias_graph",
    "bias_summary",
    "flow_diagram",
    "forest",
    "forest_data",
    "funnel",
    "funnel_data",
    "growth",
    "growth_exponent",
    "overview",
    "overview_data",
    "specification_curve",
    "style",
]
