using System.Composition.Hosting;
using System.Text.RegularExpressions;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>The exported parts of one plugin, each created once at load.</summary>
internal sealed partial class PluginExports
{
    private readonly string _plugin;
    private readonly List<PluginTransform> _transforms = [];
    private readonly List<PluginResponseTransform> _responses = [];
    private readonly List<PluginHandler> _handlers = [];
    private readonly List<PluginAnswerObserver> _observers = [];
    private readonly List<PluginEngine> _engines = [];
    private readonly List<IPluginLifetime> _lifetimes = [];

    private PluginExports(string plugin) => _plugin = plugin;

    public IReadOnlyList<PluginTransform> Transforms => _transforms;

    public IReadOnlyList<PluginResponseTransform> Responses => _responses;

    public IReadOnlyList<PluginHandler> Handlers => _handlers;

    public IReadOnlyList<PluginAnswerObserver> Observers => _observers;

    public IReadOnlyList<PluginEngine> Engines => _engines;

    /// <summary>All parts except the engines.</summary>
    public IEnumerable<PluginPart> Parts => [.. _transforms, .. _responses, .. _handlers, .. _observers];

    public bool AreNone => !Parts.Any() && _engines.Count == 0 && _lifetimes.Count == 0;

    /// <summary>The slash commands of its parts, without the slash.</summary>
    public IEnumerable<string> Commands => Parts.Select(part => part.Command).OfType<string>().Distinct(StringComparer.Ordinal);

    public IEnumerable<string> Describe() =>
        Parts.Select(part => part.Describe())
            .Concat(_engines.Select(engine => $"engine: {string.Join(", ", engine.Extensions)}"))
            .Concat(_lifetimes.Count > 0 ? ["life cycle"] : []);

    /// <summary>Creates every exported part.</summary>
    /// <remarks>By GetExports, not GetExport: after one failed GetExport the container finds nothing at all.</remarks>
    public static PluginExports Resolve(string plugin, CompositionHost container)
    {
        var exports = new PluginExports(plugin);
        foreach (var (name, order, command, metadata, part) in
            exports.Collect<IPromptTransform>(container, "transform", nameof(PromptTransformAttribute)))
        {
            var runsForHistory = metadata.TryGetValue(nameof(PromptTransformAttribute.RunsForHistory), out var value) && value is true;
            exports._transforms.Add(new(plugin, name, order, part, command, runsForHistory));
        }

        foreach (var (name, order, command, _, part) in
            exports.Collect<IResponseTransform>(container, "response transform", nameof(ResponseTransformAttribute)))
        {
            exports._responses.Add(new(plugin, name, order, part, command));
        }

        foreach (var (name, order, command, _, part) in
            exports.Collect<IRequestHandler>(container, "handler", nameof(RequestHandlerAttribute)))
        {
            exports._handlers.Add(new(plugin, name, order, part, command));
        }

        foreach (var (name, _, _, _, part) in
            exports.Collect<IAnswerObserver>(container, "answer observer", nameof(AnswerObserverAttribute)))
        {
            exports._observers.Add(new(plugin, name, part));
        }

        exports.CollectEngines(container);
        foreach (var lifetime in container.GetExports<Lazy<IPluginLifetime>>())
            exports.AddLifetime(Make("life cycle", () => lifetime.Value));
        return exports;
    }

    /// <summary>The parts to start and stop, in the order of their creation. The caller owns them from now on.</summary>
    public IReadOnlyList<IPluginLifetime> TakeLifetimes()
    {
        IReadOnlyList<IPluginLifetime> taken = [.. _lifetimes];
        _lifetimes.Clear();
        return taken;
    }

    public void Cut()
    {
        foreach (var part in Parts)
            part.Cut();
        foreach (var engine in _engines)
            engine.Cut();
    }

    private IEnumerable<(string Name, int Order, string? Command, IDictionary<string, object> Metadata, T Part)> Collect<T>(
        CompositionHost container, string what, string attribute)
        where T : class
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var export in container.GetExports<Lazy<T, IDictionary<string, object>>>())
        {
            var metadata = export.Metadata;
            var name = Value<string>(metadata, "Name");
            if (string.IsNullOrWhiteSpace(name))
            {
                throw PluginFaultException.Faulted(
                    $"It exports a {what} without a name: export it with [{attribute[..^"Attribute".Length]}(\"name\")].");
            }

            if (!names.Add(name))
                throw PluginFaultException.Faulted($"It exports two {what}s named '{name}': give each its own name.");
            var command = Value<string>(metadata, "Command");
            if (command is not null && !CommandName().IsMatch(command))
            {
                throw PluginFaultException.Faulted(
                    $"The command '{command}' of its {what} '{name}' is not valid: use lower-case letters, digits and hyphens, without "
                    + "the slash.");
            }

            var order = metadata.TryGetValue("Order", out var value) && value is int number ? number : 0;
            var part = Make($"{what} '{name}'", () => export.Value);
            if (part is IPluginLifetime lifetime)
                AddLifetime(lifetime);
            yield return (name, order, command, metadata, part);
        }
    }

    private void CollectEngines(CompositionHost container)
    {
        foreach (var export in container.GetExports<Lazy<ITemplateEngine, IDictionary<string, object>>>())
        {
            var extensions = Value<string[]>(export.Metadata, nameof(TemplateEngineAttribute.Extensions)) ?? [];
            if (extensions.Length == 0)
            {
                throw PluginFaultException.Faulted(
                    "It exports a template engine without file extensions: export it with [TemplateEngine(\".ext\")].");
            }

            if (Array.Find(extensions, extension => extension != "*" && !(extension.Length > 1 && extension[0] == '.')) is { } wrong)
            {
                throw PluginFaultException.Faulted(
                    $"It exports a template engine for the extension '{wrong}': an extension starts with a dot, or is \"*\".");
            }

            var part = Make($"template engine for {string.Join(", ", extensions)}", () => export.Value);
            _engines.Add(new PluginEngine(_plugin, extensions, part));
            if (part is IPluginLifetime lifetime)
                AddLifetime(lifetime);
        }
    }

    private void AddLifetime(IPluginLifetime part)
    {
        if (!_lifetimes.Exists(other => ReferenceEquals(other, part)))
            _lifetimes.Add(part);
    }

    private static T? Value<T>(IDictionary<string, object> metadata, string key) where T : class =>
        metadata.TryGetValue(key, out var value) ? value as T : null;

    private static T Make<T>(string what, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e)
        {
            throw PluginFaultException.Faulted($"The constructor of its {what} failed. {PluginFaults.Describe(e)}", e);
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]*\z")]
    private static partial Regex CommandName();
}
