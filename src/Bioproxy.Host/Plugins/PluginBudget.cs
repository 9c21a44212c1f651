namespace Bioproxy.Host.Plugins;

/// <summary>How long plugin code may take, and how a message to a person puts it.</summary>
/// <param name="Limit">The limit; zero or less for none.</param>
/// <param name="Text">The limit and the setting that holds it, as in <c>2000 ms (plugin_time_budget_ms)</c>.</param>
internal readonly record struct PluginBudget(TimeSpan Limit, string Text)
{
    /// <summary>For everything that runs inside a request: transforms together, one call of a response transform.</summary>
    public static PluginBudget OfTransforms(TimeSpan limit) => new(limit, $"{limit.TotalMilliseconds} ms (plugin_time_budget_ms)");

    /// <summary>For a handler's whole answer.</summary>
    public static PluginBudget OfHandlers(TimeSpan limit) => new(limit, $"{limit.TotalSeconds:0.###} s (handler_time_budget_seconds)");
}
