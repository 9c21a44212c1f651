namespace Bioproxy.Host.Plugins;

/// <summary>The parts that one slash command asks for; of several plugins where they share it.</summary>
internal sealed record CommandParts(IReadOnlyList<PluginTransform> Transforms, IReadOnlyList<PluginResponseTransform> Responses, IReadOnlyList<PluginHandler> Handlers);
