//! Colours, light and dark. The eight of policies can be told apart by who does not see all of them (Okabe and Ito).

use super::super::contender::Contender;

/// Of the picture.
pub(super) const CSS: &str = "\
:root{color-scheme:light dark}\
.ground{fill:#fff}.strong{fill:#1b1f24;font-weight:600}text{fill:#1b1f24}.faint{fill:#656d76}\
.grid{stroke:#d8dee4;stroke-width:1}.axis{stroke:#8c959f;stroke-width:1}\
.load{fill:#afb8c1;fill-opacity:.45}.lane{fill:#f3f5f7}.throttled{fill:#cf222e}\
.update{stroke-width:1.6}.serial{stroke-width:1;stroke-opacity:.55}\
.line{fill:none;stroke-width:1.4;stroke-linejoin:round}\
@media (prefers-color-scheme:dark){\
.ground{fill:#0d1117}.strong,text{fill:#e6edf3}.faint{fill:#8d96a0}\
.grid{stroke:#21262d}.axis{stroke:#6e7681}.load{fill:#6e7681;fill-opacity:.4}.lane{fill:#161b22}.throttled{fill:#ff7b72}}";

/// Of the page around it.
pub(super) const PAGE: &str = "\
body{margin:0;background:light-dark(#fff,#0d1117);color:light-dark(#1b1f24,#e6edf3);font:14px system-ui,sans-serif}\
main{max-width:1240px;margin:0 auto;padding:16px}svg{width:100%;height:auto}\
table{border-collapse:collapse;margin:16px 0;font-variant-numeric:tabular-nums}\
th,td{padding:4px 12px;text-align:right;border-bottom:1px solid light-dark(#d8dee4,#21262d)}\
tbody th,.about{text-align:left}.about{color:light-dark(#656d76,#8d96a0)}";

/// The colour of a contender's lines and points.
pub(super) fn colour(contender: Contender) -> &'static str {
    match contender {
        Contender::Pipectl => "#0072b2",
        Contender::ScalingUtils => "#d55e00",
        Contender::AwsSamples => "#e69f00",
        Contender::Epsagon => "#cc79a7",
        Contender::StaticMean => "#b8a800",
        Contender::StaticP99 => "#8f8600",
        Contender::StaticPeak => "#6b6400",
        Contender::OnDemandStandard => "#56b4e9",
        Contender::OnDemandAdvantage => "#3a8fbf",
        Contender::Optimum => "#009e73",
        Contender::OptimumLegal => "#00c08b",
        Contender::OptimumUnlimited => "#7a8b85",
    }
}

/// How a line is dashed; nothing for a whole one. What nobody can run in practice is dashed.
pub(super) fn dashes(contender: Contender) -> &'static str {
    match contender {
        Contender::Optimum | Contender::OptimumLegal | Contender::OptimumUnlimited => "5 3",
        Contender::OnDemandStandard | Contender::OnDemandAdvantage => "2 2",
        _ => "none",
    }
}
