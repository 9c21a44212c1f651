using System.Composition.Hosting;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>The transforms and engines of one plugin, each resolved once at load.</summary>
internal sealed record PluginExports(IReadOnlyList<PluginTransform> Transforms, IReadOnlyList<PluginEngine> Engines)
{
    public IEnumerable<string> Describe() =>
        Transforms.Select(transform => $"transform: {transform.Name} (order {transform.Order})")
            .Concat(Engines.Select(engine => $"engine: {string.Join(", ", engine.Extensions)}"));

    /// <summary>Makes every exported part. GetExports, not GetExport: after one failed GetExport the container finds nothing at all.</summary>
    public static PluginExports Resolve(string plugin, CompositionHost container)
    {
        var transforms = new List<PluginTransform>();
        foreach (var export in container.GetExports<Lazy<IPromptTransform, IDictionary<string, object>>>())
        {
            var name = Value<string>(export.Metadata, nameof(PromptTransformAttribute.Name));
            if (string.IsNullOrWhiteSpace(name))
                throw PluginFaultException.Faulted("It exports a transform without a name: export it with [PromptTransform(\"name\")].");
            if (transforms.Exists(other => other.Name == name))
                throw PluginFaultException.Faulted($"It exports two transforms named '{name}': give each its own name.");
            var order = export.Metadata.TryGetValue(nameof(PromptTransformAttribute.Order), out var value) && value is int number ? number : 0;
            transforms.Add(new PluginTransform(plugin, name, order, Make($"transform '{name}'", export)));
        }

        var engines = new List<PluginEngine>();
        foreach (var export in container.GetExports<Lazy<ITemplateEngine, IDictionary<string, object>>>())
        {
            var extensions = Value<string[]>(export.Metadata, nameof(TemplateEngineAttribute.Extensions)) ?? [];
            if (extensions.Length == 0)
                throw PluginFaultException.Faulted("It exports a template engine without file extensions: export it with [TemplateEngine(\".ext\")].");
            if (Array.Find(extensions, extension => extension != "*" && !(extension.Length > 1 && extension[0] == '.')) is { } wrong)
                throw PluginFaultException.Faulted($"It exports a template engine for the extension '{wrong}': an extension starts with a dot, or is \"*\".");
            engines.Add(new PluginEngine(plugin, extensions, Make($"template engine for {string.Join(", ", extensions)}", export)));
        }

        return new PluginExports(transforms, engines);
    }

    private static T? Value<T>(IDictionary<string, object> metadata, string key) where T : class =>
        metadata.TryGetValue(key, out var value) ? value as T : null;

    private static T Make<T>(string what, Lazy<T, IDictionary<string, object>> export)
    {
        try
        {
            return export.Value;
        }
        catch (Exception e)
        {
            throw PluginFaultException.Faulted($"The constructor of its {what} failed. {PluginFaults.Describe(e)}", e);
        }
    }
}
