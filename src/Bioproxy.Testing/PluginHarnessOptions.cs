namespace Bioproxy.Testing;

/// <summary>The options of a host.</summary>
public sealed class PluginHarnessOptions
{
    /// <summary>
    /// The plugins. Each is copied into a folder of its own and loaded as in production. The built-in prefix expander is always there.
    /// </summary>
    public IReadOnlyList<PluginFolder> Plugins { get; init; } = [];

    /// <summary>A plugin's name → its settings, one JSON object: what the configuration says under <c>plugins.&lt;name&gt;</c>.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A prefix (<c>@code</c>) → its template.</summary>
    public IDictionary<string, HarnessTemplate> Templates { get; } = new Dictionary<string, HarnessTemplate>(StringComparer.Ordinal);

    /// <summary>
    /// Relative paths → texts of further files, in the folder of the configuration: templates include them by these paths.
    /// </summary>
    public IDictionary<string, string> Files { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>More of the configuration file, one JSON object, for example <c>{ "plugin_time_budget_ms": 200, "agents": ["rag"] }</c>.
    /// Addresses, folders, and what <see cref="Settings"/> and <see cref="Templates"/> say are the harness's own.</summary>
    public string Configuration { get; init; } = "{}";

    /// <summary>What the backend answers; by default a short text. Called from several threads at once when requests run at once. What it
    /// throws, <see cref="PluginHarness.SendAsync"/> throws too.</summary>
    public Func<HarnessRequest, HarnessAnswer> Answer { get; init; } = static _ => HarnessAnswer.Text("Hello.");

    /// <summary>Continue when a plugin could not be loaded; <see cref="PluginHarness.Plugins"/> shows why.</summary>
    public bool AllowFaulted { get; init; }

    /// <summary>The clock of the host and its plugins.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}
