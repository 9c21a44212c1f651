namespace Bioproxy.Host.Plugins;

/// <summary>The parts that one slash command invokes, of several plugins if they share the command.</summary>
internal sealed record CommandParts(
    IReadOnlyList<PluginTransform> Transforms, IReadOnlyList<PluginResponseTransform> Responses, IReadOnlyList<PluginHandler> Handlers);
