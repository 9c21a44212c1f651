using System.Xml.Linq;
using Bioproxy.Abstractions;

namespace Bioproxy.UnitTests.Contract;

public sealed class DocumentationTests
{
    [Fact]
    public void Contract_BesideItsAssembly_HasDocumentationForEveryPublicMember()
    {
        var contract = typeof(PluginApi).Assembly;

        var documented = XDocument.Load(Path.ChangeExtension(contract.Location, ".xml")).Descendants("member")
            .Where(member => member.Elements().Any(element => element.Name == "summary" || element.Name == "inheritdoc"))
            .Select(member => member.Attribute("name")!.Value)
            .ToHashSet();
        var members = DocumentationIds.Of(contract).ToList();

        const string Generic = "M:Bioproxy.Abstractions.PluginSettings.Read``1(Bioproxy.Abstractions.IPluginServices,"
            + "System.Text.Json.Serialization.Metadata.JsonTypeInfo{``0})";
        Assert.Contains(Generic, members);
        Assert.Empty(members.Except(documented));
    }
}
