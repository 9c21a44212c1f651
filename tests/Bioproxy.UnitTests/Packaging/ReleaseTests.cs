using System.Text.RegularExpressions;
using System.Xml.Linq;
using Bioproxy.UnitTests.Readme;
using YamlDotNet.RepresentationModel;

namespace Bioproxy.UnitTests.Packaging;

/// <summary>What a release consists of is the same in the script, the project, the workflows and the documentation.</summary>
public sealed partial class ReleaseTests
{
    private static readonly string[] Systems = ["linux-arm64", "linux-x64", "osx-arm64", "win-x64"];

    private readonly XDocument _host = XDocument.Load(PackagingFile.PathOf("src/Bioproxy.Host/Bioproxy.Host.csproj"));

    [Fact]
    public void Systems_OfProjectScriptAndDocument_AreTheSame()
    {
        var project = _host.Descendants("RuntimeIdentifiers").Single().Value.Split(';');
        var script = Loop().Match(PackagingFile.Text("scripts/release.sh")).Groups[1].Value.Split(' ');
        var document = Document.Of("docs/install.md").Paragraph("Needs nothing:");

        Assert.Equal(Systems, project.Order());
        Assert.Equal(Systems, script.Order());
        Assert.All(Systems, system => Assert.Contains($"`{system}`", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Version_InTheDocument_IsThatOfTheProjects()
    {
        var version = XDocument.Load(PackagingFile.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

        Assert.All(
            PackageVersion().Matches(PackagingFile.Text("docs/install.md")).Select(match => match.Groups[1].Value),
            written => Assert.Equal(version, written));
    }

    /// <summary>Plugins reference the host's assemblies by name at any time: nothing may be trimmed.</summary>
    [Fact]
    public void Programs_AreNeverTrimmed() => Assert.Empty(_host.Descendants("PublishTrimmed"));

    [Fact]
    public void BillOfMaterials_Projects_AreTheHostAndItsPlugins()
    {
        var builtIn = _host.Descendants("BuiltIn").First().Attribute("Include")!.Value.Split(';');
        var listed = PackagingFile.Text("packaging/release.slnf");

        Assert.All(builtIn.Append("Bioproxy.Host"), name => Assert.Contains($"{name}.csproj", listed, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ci", "bash .ci/run")]
    [InlineData("release", "./scripts/release.sh", "./scripts/test-packages.sh")]
    public void Workflow_Steps_RunTheScriptsOfTheRepository(string name, params string[] commands)
    {
        using var text = new StringReader(PackagingFile.Text($".github/workflows/{name}.yml"));
        var yaml = new YamlStream();
        yaml.Load(text);

        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        var jobs = ((YamlMappingNode)root["jobs"]).Children.Values.Cast<YamlMappingNode>();
        var steps = jobs.SelectMany(job => (YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>().ToList();
        var run = steps.Where(step => step.Children.ContainsKey("run")).Select(step => ((YamlScalarNode)step["run"]).Value);

        Assert.Contains("on", root.Children.Keys.Select(key => ((YamlScalarNode)key).Value));
        Assert.Contains("permissions", root.Children.Keys.Select(key => ((YamlScalarNode)key).Value));
        Assert.All(steps, step => Assert.True(step.Children.ContainsKey("run") || step.Children.ContainsKey("uses")));
        Assert.Empty(commands.Except(run));
    }

    [GeneratedRegex(@"for rid in ([\w -]+);")]
    private static partial Regex Loop();

    [GeneratedRegex(@"bioproxy[-_](\d+\.\d+\.\d+)")]
    private static partial Regex PackageVersion();
}
