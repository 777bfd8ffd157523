//! Every drawing of the window, one place. Outlines are Lucide's (ISC licence, see
//! `ui/assets/LICENSES.md`), vendored as path data: no font, no download.

use leptos::prelude::*;

/// A drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Pods.
    Pods,
    /// Deployments.
    Deployments,
    /// ReplicaSets, and copying.
    ReplicaSets,
    /// Nodes.
    Nodes,
    /// Namespaces.
    Namespaces,
    /// Services.
    Services,
    /// Events.
    Events,
    /// Incidents.
    Incidents,
    /// A kind without an icon of its own.
    Table,
    /// Back.
    Back,
    /// Forward.
    Forward,
    /// Opens a menu.
    Down,
    /// Closes what opens upwards.
    Up,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// The system's theme.
    System,
    /// Close.
    Close,
    /// Done, allowed, chosen.
    Check,
    /// Filter.
    Search,
    /// Columns.
    Columns,
    /// Sorted, smallest first.
    SortUp,
    /// Sorted, largest first.
    SortDown,
    /// From cause to effect.
    Arrow,
    /// Keeps every view in sight.
    Sidebar,
    /// Keeps a section in sight.
    Pin,
    /// The way back.
    Revert,
    /// A fix.
    Wrench,
    /// What was run before.
    History,
    /// Not permitted.
    Shield,
    /// Nothing is broken.
    Calm,
    /// No connection.
    Plug,
    /// Nothing here.
    Empty,
    /// The dashboard.
    Dashboard,
    /// What the cluster is made of.
    Overview,
    /// Several clusters.
    Clusters,
    /// Settings.
    Settings,
    /// What keys do.
    Help,
    /// What programs have written.
    Logs,
    /// Ports that lead into clusters.
    Forwards,
    /// Protected.
    Lock,
    /// Not secured.
    Unlock,
    /// Notifications.
    Bell,
    /// A terminal.
    Terminal,
    /// Somebody.
    Person,
}

impl Icon {
    /// The drawing's elements in a 24 × 24 box.
    const fn shape(self) -> &'static str {
        match self {
            Self::Pods => {
                "<path d='M21 8a2 2 0 0 0-1-1.73l-7-4a2 2 0 0 0-2 0l-7 4A2 2 0 0 0 3 8v8a2 2 0 0 0 1 1.73l7 4a2 2 0 0 0 2 0l7-4A2 2 0 0 0 21 16Z'/><path d='m3.3 7 8.7 5 8.7-5'/><path d='M12 22V12'/>"
            }
            Self::Deployments => {
                "<path d='M12.83 2.18a2 2 0 0 0-1.66 0L2.6 6.08a1 1 0 0 0 0 1.83l8.58 3.91a2 2 0 0 0 1.66 0l8.58-3.9a1 1 0 0 0 0-1.83z'/><path d='M2 12a1 1 0 0 0 .58.91l8.6 3.91a2 2 0 0 0 1.65 0l8.58-3.9A1 1 0 0 0 22 12'/><path d='M2 17a1 1 0 0 0 .58.91l8.6 3.91a2 2 0 0 0 1.65 0l8.58-3.9A1 1 0 0 0 22 17'/>"
            }
            Self::ReplicaSets => {
                "<rect width='14' height='14' x='8' y='8' rx='2' ry='2'/><path d='M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2'/>"
            }
            Self::Nodes => {
                "<rect width='20' height='8' x='2' y='2' rx='2' ry='2'/><rect width='20' height='8' x='2' y='14' rx='2' ry='2'/><line x1='6' x2='6.01' y1='6' y2='6'/><line x1='6' x2='6.01' y1='18' y2='18'/>"
            }
            Self::Namespaces => {
                "<path d='M20 20a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-7.9a2 2 0 0 1-1.69-.9L9.6 3.9A2 2 0 0 0 7.93 3H4a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2Z'/>"
            }
            Self::Services => {
                "<path d='m10.586 5.414-5.172 5.172'/><path d='m18.586 13.414-5.172 5.172'/><path d='M6 12h12'/><circle cx='12' cy='20' r='2'/><circle cx='12' cy='4' r='2'/><circle cx='20' cy='12' r='2'/><circle cx='4' cy='12' r='2'/>"
            }
            Self::Events => {
                "<path d='M22 12h-2.48a2 2 0 0 0-1.93 1.46l-2.35 8.36a.25.25 0 0 1-.48 0L9.24 2.18a.25.25 0 0 0-.48 0l-2.35 8.36A2 2 0 0 1 4.49 12H2'/>"
            }
            Self::Incidents => {
                "<path d='M7 18v-6a5 5 0 1 1 10 0v6'/><path d='M5 21a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-1a2 2 0 0 0-2-2H7a2 2 0 0 0-2 2z'/><path d='M21 12h1'/><path d='M18.5 4.5 18 5'/><path d='M2 12h1'/><path d='M12 2v1'/><path d='m4.929 4.929.707.707'/><path d='M12 12v6'/>"
            }
            Self::Table => {
                "<path d='M3 9h18'/><path d='M9 3v18'/><rect x='3' y='3' width='18' height='18' rx='2'/>"
            }
            Self::Back => "<path d='m15 18-6-6 6-6'/>",
            Self::Forward => "<path d='m9 18 6-6-6-6'/>",
            Self::Down => "<path d='m6 9 6 6 6-6'/>",
            Self::Up => "<path d='m18 15-6-6-6 6'/>",
            Self::Sun => {
                "<circle cx='12' cy='12' r='4'/><path d='M12 2v2'/><path d='M12 20v2'/><path d='m4.93 4.93 1.41 1.41'/><path d='m17.66 17.66 1.41 1.41'/><path d='M2 12h2'/><path d='M20 12h2'/><path d='m6.34 17.66-1.41 1.41'/><path d='m19.07 4.93-1.41 1.41'/>"
            }
            Self::Moon => {
                "<path d='M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401'/>"
            }
            Self::System => {
                "<rect width='20' height='14' x='2' y='3' rx='2'/><line x1='8' x2='16' y1='21' y2='21'/><line x1='12' x2='12' y1='17' y2='21'/>"
            }
            Self::Close => "<path d='M18 6 6 18'/><path d='m6 6 12 12'/>",
            Self::Check => "<path d='M20 6 9 17l-5-5'/>",
            Self::Search => "<path d='m21 21-4.34-4.34'/><circle cx='11' cy='11' r='8'/>",
            Self::Columns => {
                "<rect width='18' height='18' x='3' y='3' rx='2'/><path d='M9 3v18'/><path d='M15 3v18'/>"
            }
            Self::SortUp => "<path d='m5 12 7-7 7 7'/><path d='M12 19V5'/>",
            Self::SortDown => "<path d='M12 5v14'/><path d='m19 12-7 7-7-7'/>",
            Self::Arrow => "<path d='M5 12h14'/><path d='m12 5 7 7-7 7'/>",
            Self::Sidebar => "<rect width='18' height='18' x='3' y='3' rx='2'/><path d='M9 3v18'/>",
            Self::Pin => {
                "<path d='M12 17v5'/><path d='M9 10.76a2 2 0 0 1-1.11 1.79l-1.78.9A2 2 0 0 0 5 15.24V16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-.76a2 2 0 0 0-1.11-1.79l-1.78-.9A2 2 0 0 1 15 10.76V7a1 1 0 0 1 1-1 2 2 0 0 0 0-4H8a2 2 0 0 0 0 4 1 1 0 0 1 1 1z'/>"
            }
            Self::Revert => {
                "<path d='M9 14 4 9l5-5'/><path d='M4 9h10.5a5.5 5.5 0 0 1 5.5 5.5a5.5 5.5 0 0 1-5.5 5.5H11'/>"
            }
            Self::Wrench => {
                "<path d='M14.7 6.3a1 1 0 0 0 0 1.4l1.6 1.6a1 1 0 0 0 1.4 0l3.106-3.105c.32-.322.863-.22.983.218a6 6 0 0 1-8.259 7.057l-7.91 7.91a1 1 0 0 1-2.999-3l7.91-7.91a6 6 0 0 1 7.057-8.259c.438.12.54.662.219.984z'/>"
            }
            Self::History => {
                "<path d='M3 12a9 9 0 1 0 9-9 9.75 9.75 0 0 0-6.74 2.74L3 8'/><path d='M3 3v5h5'/><path d='M12 7v5l4 2'/>"
            }
            Self::Shield => {
                "<path d='m2 2 20 20'/><path d='M5 5a1 1 0 0 0-1 1v7c0 5 3.5 7.5 7.67 8.94a1 1 0 0 0 .67.01c2.35-.82 4.48-1.97 5.9-3.71'/><path d='M9.309 3.652A12.252 12.252 0 0 0 11.24 2.28a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1v7a9.784 9.784 0 0 1-.08 1.264'/>"
            }
            Self::Calm => "<circle cx='12' cy='12' r='10'/><path d='m16 9-5.5 5.5L8 12'/>",
            Self::Plug => {
                "<path d='m19 5 3-3'/><path d='m2 22 3-3'/><path d='M6.3 20.3a2.4 2.4 0 0 0 3.4 0L12 18l-6-6-2.3 2.3a2.4 2.4 0 0 0 0 3.4Z'/><path d='M7.5 13.5 10 11'/><path d='M10.5 16.5 13 14'/><path d='m12 6 6 6 2.3-2.3a2.4 2.4 0 0 0 0-3.4l-2.6-2.6a2.4 2.4 0 0 0-3.4 0Z'/>"
            }
            Self::Dashboard => {
                "<rect width='7' height='9' x='3' y='3' rx='1'/><rect width='7' height='5' x='14' y='3' rx='1'/><rect width='7' height='9' x='14' y='12' rx='1'/><rect width='7' height='5' x='3' y='16' rx='1'/>"
            }
            Self::Overview => {
                "<path d='M3 3v16a2 2 0 0 0 2 2h16'/><path d='M18 17V9'/><path d='M13 17V5'/><path d='M8 17v-3'/>"
            }
            Self::Clusters => {
                "<rect x='16' y='16' width='6' height='6' rx='1'/><rect x='2' y='16' width='6' height='6' rx='1'/><rect x='9' y='2' width='6' height='6' rx='1'/><path d='M5 16v-3a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v3'/><path d='M12 12V8'/>"
            }
            Self::Settings => {
                "<path d='M10 5H3'/><path d='M12 19H3'/><path d='M14 3v4'/><path d='M16 17v4'/><path d='M21 12h-9'/><path d='M21 19h-5'/><path d='M21 5h-7'/><path d='M8 10v4'/><path d='M8 12H3'/>"
            }
            Self::Help => {
                "<circle cx='12' cy='12' r='10'/><path d='M9.09 9a3 3 0 0 1 5.83 1c0 2-3 3-3 3'/><path d='M12 17h.01'/>"
            }
            Self::Logs => {
                "<path d='M13 12h8'/><path d='M13 19h8'/><path d='M13 5h8'/><path d='M3 12h1'/><path d='M3 19h1'/><path d='M3 5h1'/><path d='M8 12h1'/><path d='M8 19h1'/><path d='M8 5h1'/>"
            }
            Self::Terminal => "<path d='m4 17 6-6-6-6'/><path d='M12 19h8'/>",
            Self::Person => {
                "<path d='M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2'/><circle cx='12' cy='7' r='4'/>"
            }
            Self::Forwards => {
                "<path d='M8 3 4 7l4 4'/><path d='M4 7h16'/><path d='m16 21 4-4-4-4'/><path d='M20 17H4'/>"
            }
            Self::Lock => {
                "<rect width='18' height='11' x='3' y='11' rx='2' ry='2'/><path d='M7 11V7a5 5 0 0 1 10 0v4'/>"
            }
            Self::Unlock => {
                "<rect width='18' height='11' x='3' y='11' rx='2' ry='2'/><path d='M7 11V7a5 5 0 0 1 9.9-1'/>"
            }
            Self::Bell => {
                "<path d='M10.268 21a2 2 0 0 0 3.464 0'/><path d='M3.262 15.326A1 1 0 0 0 4 17h16a1 1 0 0 0 .74-1.673C19.41 13.956 18 12.499 18 8A6 6 0 0 0 6 8c0 4.499-1.411 5.956-2.738 7.326'/>"
            }
            Self::Empty => {
                "<polyline points='22 12 16 12 14 15 10 15 8 12 2 12'/><path d='M5.45 5.11 2 12v6a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-6l-3.45-6.89A2 2 0 0 0 16.76 4H7.24a2 2 0 0 0-1.79 1.11z'/>"
            }
        }
    }
}

/// Draws an icon in the colour of the text around it; it says nothing to a screen reader.
#[component]
pub fn Glyph(
    /// Which drawing.
    icon: Icon,
    /// Edge length in px.
    #[prop(default = 16)]
    size: u32,
) -> impl IntoView {
    view! {
        <svg
            class="glyph"
            width=size
            height=size
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=icon.shape()
        ></svg>
    }
}
