using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's transform.</summary>
internal sealed class PluginTransform(
    string plugin, string name, int order, IPromptTransform part, string? command = null, bool runsForHistory = false)
    : PluginPart(plugin, name, order, command)
{
    private volatile IPromptTransform? _part = part;

    /// <summary>It also runs when only an earlier message carries its command.</summary>
    public bool RunsForHistory { get; } = runsForHistory;

    /// <summary>The expansion of triggers, which belongs to the program: what it does not see is not expanded, and no more.</summary>
    public bool IsBuiltIn => Plugin is "Bioproxy.PrefixExpander" or "Bioproxy.PrefixStabiliser";

    public override string What => "transform";

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) =>
        (_part ?? throw Unloaded()).TransformAsync(context, cancellationToken);

    public override void Cut() => _part = null;
}
