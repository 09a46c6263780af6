"""List matplotlib, seaborn, plotly and IPython's display: what draws changes a figure and nothing else."""

from __future__ import annotations

from dataclasses import replace

from nb2dag.compiler.analysis.knowledge.facts import (
    CHAINS,
    CONFIGURES,
    FILES,
    FRESH,
    IMMUTABLE,
    MUTATES,
    MUTATES_SHARES,
    NETWORK,
    PURE,
    PURE_IMMUTABLE,
    PURE_SHARES,
    SHARES,
    CallFacts,
    MethodFacts,
    call_table,
    joined,
    method_table,
)

_DRAWS_ON = CallFacts(mutates=("ax", "axes", "cax"))
_FIGURE = CallFacts(kind="figure")
_AXES = CallFacts(kind="axes")

# pyplot's current figure is no state that lasts: the inline backend closes it when its cell ends
_PYPLOT = call_table(
    "matplotlib.pyplot",
    (
        _DRAWS_ON,
        (
            "acorr angle_spectrum annotate arrow autoscale autumn axhline axhspan axis axline axvline axvspan "
            "bar bar_label barbs barh bone box boxplot broken_barh cla clabel clf clim close cohere colorbar "
            "cool connect contour contourf copper csd delaxes disconnect draw ecdf errorbar eventplot "
            "figimage figlegend figtext fill fill_between fill_betweenx flag gci get_cmap get_figlabels "
            "get_fignums getp ginput gray grid grouped_bar hexbin hist hist2d hlines hot hsv imshow inferno "
            "jet legend locator_params loglog magma magnitude_spectrum margins matshow minorticks_off "
            "minorticks_on nipy_spectral pause pcolor pcolormesh phase_spectrum pie pie_label pink plasma "
            "plot polar prism psd quiver quiverkey rgrids scatter semilogx semilogy show specgram spring spy "
            "stackplot stairs stem step streamplot subplot_tool subplots_adjust summer suptitle table text "
            "thetagrids tick_params ticklabel_format tight_layout title tricontour tricontourf tripcolor "
            "triplot violinplot viridis vlines winter xcorr xlabel xlim xscale xticks ylabel ylim yscale "
            "yticks fignum_exists get_current_fig_manager isinteractive findobj waitforbuttonpress "
            "get_plot_commands draw_if_interactive new_figure_manager install_repl_displayhook "
            "uninstall_repl_displayhook"
        ),
    ),
    (_FIGURE, "figure gcf"),
    (_AXES, "axes gca subplot subplot2grid"),
    (CallFacts(returns="shares", kind="axes"), "twinx twiny"),
    (CallFacts(unpacks=("figure", "axes")), "subplots subplot_mosaic"),
    (CallFacts(mutates=(0,), returns="immutable"), "sca sci setp"),
    (SHARES, "rc_context style.context"),
    (
        CONFIGURES,
        (
            "rc rcdefaults set_cmap switch_backend xkcd set_loglevel ion ioff rcParams.update "
            "rcParams.setdefault style.use register_cmap"
        ),
    ),
    (CallFacts(returns="immutable", path_write=0), "savefig imsave"),
    (CallFacts(kind="array", reads=(FILES,), deterministic=False, path_read=0), "imread"),
)

_MATPLOTLIB = (
    call_table(
        "matplotlib",
        (CONFIGURES, "use rc rcdefaults set_loglevel style.use rcParams.update colormaps.register"),
        (SHARES, "rc_context"),
    ),
    call_table("matplotlib.style", (CONFIGURES, "use"), (SHARES, "context")),
    call_table("matplotlib_inline.backend_inline", (CONFIGURES, "set_matplotlib_formats")),
    call_table("matplotlib.ticker", (SHARES, "FuncFormatter"), (FRESH, "MaxNLocator MultipleLocator PercentFormatter")),
    call_table("matplotlib.ticker", (FRESH, "StrMethodFormatter FormatStrFormatter LogLocator ScalarFormatter")),
    call_table(
        "matplotlib.dates", (FRESH, "DateFormatter MonthLocator DayLocator YearLocator AutoDateLocator date2num")
    ),
    call_table("matplotlib.patches", (FRESH, "Patch Rectangle Circle Polygon Ellipse Wedge FancyArrowPatch")),
    call_table("matplotlib.lines", (FRESH, "Line2D")),
    call_table("matplotlib.colors", (FRESH, "Normalize LogNorm ListedColormap to_rgba to_hex LinearSegmentedColormap")),
    call_table("matplotlib.gridspec", (SHARES, "GridSpec GridSpecFromSubplotSpec")),
    call_table("matplotlib.figure", (_FIGURE, "Figure")),
)

_SEABORN = call_table(
    "seaborn",
    (
        _DRAWS_ON,
        (
            "barplot boxenplot boxplot countplot distplot ecdfplot heatmap histplot kdeplot lineplot "
            "pointplot regplot residplot rugplot scatterplot stripplot swarmplot violinplot"
        ),
    ),
    (
        FRESH,
        (
            "catplot clustermap displot jointplot lmplot pairplot relplot FacetGrid JointGrid PairGrid "
            "palplot axes_style blend_palette choose_colorbrewer_palette choose_cubehelix_palette "
            "choose_dark_palette choose_diverging_palette choose_light_palette color_palette crayon_palette "
            "cubehelix_palette dark_palette desaturate diverging_palette dogplot get_data_home hls_palette "
            "husl_palette light_palette mpl_palette plotting_context saturate set_hls_values xkcd_palette"
        ),
    ),
    (CallFacts(mutates=(0,), returns="immutable"), "move_legend"),
    (CallFacts(mutates=("fig", "ax"), returns="immutable"), "despine"),
    (CONFIGURES, "set set_theme set_style set_context set_palette set_color_codes reset_defaults reset_orig"),
    (CallFacts(kind="frame", reads=(NETWORK,), deterministic=False), "load_dataset get_dataset_names"),
)

_PLOTLY = (
    call_table(
        "plotly.express",
        (
            _FIGURE,
            (
                "area bar bar_polar box choropleth choropleth_map choropleth_mapbox density_contour "
                "density_heatmap density_map density_mapbox ecdf funnel funnel_area histogram icicle imshow line "
                "line_3d line_geo line_map line_polar line_ternary parallel_categories parallel_coordinates pie "
                "scatter scatter_3d scatter_geo scatter_map scatter_mapbox scatter_matrix scatter_polar "
                "scatter_ternary strip sunburst timeline treemap violin"
            ),
        ),
        (FRESH, "get_trendline_results"),
    ),
    call_table(
        "plotly.express.data", (CallFacts(kind="frame"), "carshare election gapminder iris medals_long stocks tips")
    ),
    call_table(
        "plotly.graph_objects",
        (_FIGURE, "Figure FigureWidget"),
        (
            FRESH,
            (
                "Bar Box Candlestick Choropleth Contour Funnel Heatmap Histogram Histogram2d Indicator Layout "
                "Ohlc Pie Sankey Scatter Scatter3d Scattergeo Scattergl Scatterpolar Splom Sunburst Surface Table "
                "Treemap Violin Waterfall"
            ),
        ),
    ),
    call_table("plotly.subplots", (_FIGURE, "make_subplots")),
    call_table(
        "plotly.io", (IMMUTABLE, "show to_html to_json"), (CallFacts(path_write=1), "write_image write_html write_json")
    ),
    call_table("altair", (FRESH, "Chart layer hconcat vconcat X Y Color Tooltip value condition Scale Axis Legend")),
    call_table("altair", (CONFIGURES, "data_transformers.enable renderers.enable themes.enable")),
)

_IPYTHON = (
    call_table("IPython.display", (IMMUTABLE, "display clear_output set_matplotlib_formats")),
    call_table(
        "IPython.display", (FRESH, "HTML Image IFrame JSON Javascript Latex Markdown Math SVG Pretty Code Audio Video")
    ),
    call_table("IPython.core.display", (IMMUTABLE, "display"), (FRESH, "HTML Markdown")),
)

CALLS = joined((_PYPLOT, *_MATPLOTLIB, _SEABORN, *_PLOTLY, *_IPYTHON))

_SAVES = MethodFacts(False, returns="immutable", path_write=0)

AXES = method_table(
    (replace(MUTATES_SHARES, kind="axes"), "add_axes add_subplot subplots subplot_mosaic gca"),
    (
        MUTATES_SHARES,
        (
            "acorr angle_spectrum annotate arrow axhline axhspan axline axvline axvspan bar bar_label barbs "
            "barh boxplot broken_barh bxp clabel cohere contour contourf csd ecdf errorbar eventplot fill "
            "fill_between fill_betweenx grouped_bar hexbin hist hist2d hlines imshow indicate_inset "
            "indicate_inset_zoom inset_axes legend loglog magnitude_spectrum matshow pcolor pcolorfast "
            "pcolormesh phase_spectrum pie pie_label plot psd quiver quiverkey scatter secondary_xaxis "
            "secondary_yaxis semilogx semilogy specgram spy stackplot stairs stem step streamplot table text "
            "tricontour tricontourf tripcolor triplot twinx twiny violin violinplot vlines xcorr axis grid "
            "colorbar subfigures suptitle supxlabel supylabel figimage sca"
        ),
    ),
    (
        replace(MUTATES_SHARES, stores_args=True),
        (
            "add_artist add_patch add_line add_collection add_table add_image add_container add_child_axes "
            "set_clip_path set_path_effects set_transform set_major_formatter set_major_locator "
            "set_minor_formatter set_minor_locator"
        ),
    ),
    (
        MUTATES,
        (
            "apply_aspect autoscale autoscale_view cla clear clf draw_artist invert_xaxis invert_yaxis "
            "label_outer locator_params margins minorticks_off minorticks_on redraw_in_frame relim remove "
            "reset_position set sharex sharey tick_params ticklabel_format update update_datalim update_from "
            "xaxis_date yaxis_date align_labels align_titles align_xlabels align_ylabels autofmt_xdate "
            "delaxes subplots_adjust tight_layout set_title set_xlabel set_ylabel set_xlim set_ylim "
            "set_xticks set_yticks set_xticklabels set_yticklabels set_xscale set_yscale set_aspect "
            "set_facecolor set_axis_off set_size_inches set_visible set_label set_color set_linewidth set_alpha"
        ),
    ),
    (PURE_IMMUTABLE, "show draw has_data format_coord contains contains_point draw_without_rendering"),
    (PURE_SHARES, "findobj properties get_legend_handles_labels get_figure get_axes get_lines get_xaxis get_yaxis"),
    (PURE, ("get_title get_xlabel get_ylabel get_xlim get_ylim get_xticks get_yticks get_xticklabels get_yticklabels")),
    (_SAVES, "savefig"),
)

FIGURE = {
    **AXES,
    **method_table(
        (
            CHAINS,
            (
                "add_annotation add_bar add_box add_heatmap add_histogram add_hline add_hrect add_scatter "
                "add_shape add_trace add_traces add_vline add_vrect for_each_annotation for_each_trace "
                "for_each_xaxis for_each_yaxis update_annotations update_coloraxes update_layout update_traces "
                "update_xaxes update_yaxes map_dataframe set_axis_labels set_titles refline map_upper map_lower "
                "map_diag add_legend plot_joint plot_marginals"
            ),
        ),
        (_SAVES, "write_html write_image write_json"),
        (PURE, "to_plotly_json to_image full_figure_for_development"),
    ),
}
