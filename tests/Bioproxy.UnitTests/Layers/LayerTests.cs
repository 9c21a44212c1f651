using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Layers;

/// <summary>Imports go downward only, and folders on one level do not know each other.</summary>
public sealed partial class LayerTests
{
    /// <summary>From the top. The files beside the folders (the composition root, the commands) stand above all.</summary>
    private static readonly string[][] Levels =
    [
        ["Dashboard"],
        ["Admin", "CommandLine", "Doctor"],
        ["Cluster"],
        ["Requests", "WarmUp"],
        ["Protocols"],
        ["Routing"],
        ["Models", "Pool"],
        ["Backends", "Transforms"],
        ["Http", "Templates", "Plugins"],
        ["Prompts"],
        ["Security"],
        ["Configuration", "Telemetry", "Json", "Threading"],
    ];

    private static readonly string Host = Path.Combine(RepositoryFolder.Root!, "src", "Bioproxy.Host");

    public static TheoryData<string> Folders() => [.. Levels.SelectMany(level => level)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_OfTheHost_KnowsOnlyWhatLiesBelow(string folder)
    {
        var allowed = Levels.SkipWhile(level => !level.Contains(folder)).Skip(1).SelectMany(level => level).Append(folder).ToHashSet();

        var wrong = Directory.EnumerateFiles(Path.Combine(Host, folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Used().Matches(File.ReadAllText(file))
                .Select(match => (File: Path.GetFileName(file), Folder: match.Groups["folder"].Value)))
            .Where(use => !allowed.Contains(use.Folder))
            .Distinct()
            .Select(use => $"{use.File} knows {use.Folder}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Folders_OfTheHost_AllHaveALevel()
    {
        var there = Directory.EnumerateDirectories(Host).Select(folder => Path.GetFileName(folder)!).Except(["bin", "obj", "Properties"]);

        Assert.Equal(Levels.SelectMany(level => level).Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Telemetry_MayBeUsedByEverybody_UsesNobody()
    {
        var used = Directory.EnumerateFiles(Path.Combine(Host, "Telemetry"), "*.cs")
            .SelectMany(file => Used().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["folder"].Value);

        Assert.DoesNotContain(used, folder => folder != "Telemetry");
    }

    /// <summary>A protocol is a form of bytes: it knows the wire, and not what is served over it.</summary>
    [Fact]
    public void Protocols_KnowOnlyTheWireAndTheLeaves()
    {
        var used = Directory.EnumerateFiles(Path.Combine(Host, "Protocols"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Used().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["folder"].Value);

        Assert.Empty(used.Except(["Protocols", "Http", "Prompts", .. Levels[^1]]));
    }

    [Fact]
    public void Contract_ShowsNeitherTheHostNorAspNetNorJson()
    {
        var contract = typeof(IPromptTransform).Assembly;
        var shown = contract.GetExportedTypes()
            // the helper takes source-generated metadata: what it says of itself is its purpose
            .Where(type => type != typeof(PluginSettings))
            .SelectMany(type => type.GetMembers())
            .SelectMany(member => member switch
            {
                MethodInfo method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType),
                ConstructorInfo constructor => constructor.GetParameters().Select(p => p.ParameterType),
                PropertyInfo property => [property.PropertyType],
                _ => Enumerable.Empty<Type>(),
            })
            .SelectMany(type => type.GenericTypeArguments.Append(type))
            .Select(type => type.Namespace ?? string.Empty)
            .ToHashSet();

        Assert.DoesNotContain(
            shown,
            name => name.StartsWith("System.Text.Json", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain(
            contract.GetReferencedAssemblies(),
            name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name.Name == "bioproxy");
    }

    [Fact]
    public void Plugins_ReferenceOnlyTheContract()
    {
        var plugins = Path.Combine(RepositoryFolder.Root!, "plugins");
        var projects = Directory.EnumerateFiles(plugins, "*.csproj", SearchOption.AllDirectories).ToList();

        Assert.NotEmpty(projects);
        foreach (var project in projects)
            Assert.All(
                XDocument.Load(project).Descendants("ProjectReference"),
                reference => Assert.EndsWith(
                    "Bioproxy.Abstractions.csproj", reference.Attribute("Include")!.Value, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bBioproxy\.Host\.(?<folder>[A-Z]\w+)")]
    private static partial Regex Used();
}
