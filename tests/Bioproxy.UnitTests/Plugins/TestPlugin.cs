using System.Composition.Hosting;
using System.Composition.Hosting.Core;
using System.Runtime.Loader;
using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>A plugin without a DLL: substitutes, exported like the parts of a real plugin.</summary>
internal sealed class TestPlugin(string name = "p")
{
    private readonly List<(Type Contract, Dictionary<string, object> Metadata, object Part)> _parts = [];

    /// <summary>A generation of these plugins.</summary>
    public static PluginSet Set(IReadOnlyCollection<string>? agents, Action<PluginSet>? ended, params TestPlugin[] plugins) =>
        new([.. plugins.Select(plugin => plugin.Load()).Select(plugin => (plugin, plugin.Status))], agents, ended);

    public static PluginSet Set(params TestPlugin[] plugins) => Set(null, null, plugins);

    public TestPlugin Transform(string part, int order = 0, string? command = null, bool runsForHistory = false) =>
        Add<IPromptTransform>(part, order, command, runsForHistory);

    public TestPlugin Response(string part, int order = 0, string? command = null) => Add<IResponseTransform>(part, order, command, false);

    public TestPlugin Handler(string part, int order = 0, string? command = null) => Add<IRequestHandler>(part, order, command, false);

    private LoadedPlugin Load()
    {
        var container = new ContainerConfiguration().WithProvider(new Provider(_parts)).CreateContainer();
        return new LoadedPlugin(
            new PluginStatus { Name = name, Path = "/" + name, State = PluginState.Active },
            PluginExports.Resolve(name, container),
            container,
            new AssemblyLoadContext(name, isCollectible: true),
            [],
            TimeProvider.System);
    }

    private TestPlugin Add<T>(string part, int order, string? command, bool runsForHistory)
        where T : class
    {
        var metadata = new Dictionary<string, object> { ["Name"] = part, ["Order"] = order, ["RunsForHistory"] = runsForHistory };
        if (command is not null)
            metadata["Command"] = command;
        _parts.Add((typeof(T), metadata, Substitute.For<T>()));
        return this;
    }

    private sealed class Provider(IReadOnlyList<(Type Contract, Dictionary<string, object> Metadata, object Part)> parts)
        : ExportDescriptorProvider
    {
        public override IEnumerable<ExportDescriptorPromise> GetExportDescriptors(CompositionContract contract,
            DependencyAccessor descriptorAccessor) =>
            from part in parts
            where contract.Equals(new CompositionContract(part.Contract))
            select new ExportDescriptorPromise(contract, "the test", true, NoDependencies,
                _ => ExportDescriptor.Create((_, _) => part.Part, part.Metadata));
    }
}
