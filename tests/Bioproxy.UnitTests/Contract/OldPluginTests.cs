using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using Bioproxy.Abstractions;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Contract;

/// <summary>A plugin that was compiled against contract 1.0 meets the contract of today.</summary>
public sealed class OldPluginTests : IDisposable
{
    private const string Contract = "Bioproxy.Abstractions";

    private static readonly string PluginFile = Path.Combine(
        FixturePlugins.OutputOf("tests/Fixtures/Bioproxy.Fixtures.OldContract"), "Bioproxy.Fixtures.OldContract.dll");

    private readonly AssemblyLoadContext _context = new("an old plugin", isCollectible: true);

    public void Dispose() => _context.Unload();

    [Fact]
    public async Task OldTransform_OnTheContractOfToday_SeesAllItEverSaw()
    {
        var host = Substitute.For<IPluginHost>();
        host.PluginName.Returns("Old");
        host.Logger.Returns(NullLogger.Instance);
        host.TimeProvider.Returns(new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        host.Templates.Prefixes.Returns(["@good", "@bad"]);
        host.Templates.Render("@good", Arg.Is<TemplateVariables>(variables => variables.Message == "words")).Returns("good words");
        host.Templates.Render("@bad", Arg.Any<TemplateVariables>()).Returns(_ => throw new TemplateException("broken", 2, 3));
        var context = new PromptContext(
            "r1",
            PromptEndpoint.Chat,
            null,
            false,
            [new PromptMessage("user", [new PromptPart("text", "\"hello \\u00e9\""u8.ToArray())])],
            "{}"u8.ToArray());

        await Make<IPromptTransform>("OldTransform", host).TransformAsync(context, CancellationToken.None);

        Assert.Equal(PromptLane.Batch, context.Lane);
        Assert.Equal(
            """
            hello é
            host: Old, 2026-01-01, API 1
            context: r1, Chat, no model, warm-up False, 2 bytes, Batch
            message: user, 1 parts, text, hello True, edited False
            templates: @good = good words, @bad = line 2, column 3: broken
            made by hand: café, no text, made 3, .a .b
            """,
            context.Messages[0].Parts[0].Text);
    }

    [Fact]
    public void OldEngine_OnTheContractOfToday_Renders()
    {
        var template = Make<ITemplateEngine>("OldEngine").Parse(Source("head.txt\n of old: "));

        Assert.Equal("head.txt as included of old: words", template.Render(new TemplateVariables("words") { Model = "m" }));
    }

    [Theory]
    [InlineData("fail", "x.old is to fail", 0, 0)]
    [InlineData("fail here", "x.old is to fail here", 1, 6)]
    [InlineData("fail because", "x.old is to fail because", 0, 0)]
    [InlineData("fail silently", "TemplateException", 0, 0)]
    public void OldEngine_ThatFails_FailsWithTheExceptionOfToday(string template, string message, int line, int column)
    {
        var failure = Assert.Throws<TemplateException>(() => Make<ITemplateEngine>("OldEngine").Parse(Source(template)));

        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (failure.Line, failure.Column));
        Assert.Equal(template == "fail because", failure.InnerException is FormatException);
    }

    /// <summary>Only then do the tests above say that the whole first contract still holds.</summary>
    [Fact]
    public void OldPlugin_InItsCode_UsesAllThatTheFirstContractOffers()
    {
        using var first = new FirstContract();
        using var image = new PEReader(File.OpenRead(PluginFile));
        var metadata = image.GetMetadataReader();

        var (called, implemented) = (Called(metadata), Implemented(metadata));
        var unused = first.Assembly.GetExportedTypes()
            .Where(type => !implemented.Contains(type.Name))
            .SelectMany(
                type => type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .OfType<MethodBase>()
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}/{method.GetParameters().Length}")
            .Except(called);

        Assert.Empty(unused);
        var contract = metadata.AssemblyReferences.Select(metadata.GetAssemblyReference)
            .Single(reference => metadata.GetString(reference.Name) == Contract);
        Assert.Equal(new Version(1, 0, 0, 0), contract.Version);
    }

    private T Make<T>(string type, params object[] arguments)
    {
        var plugin = _context.LoadFromAssemblyPath(PluginFile);
        return Assert.IsAssignableFrom<T>(
            Activator.CreateInstance(plugin.GetType("Bioproxy.Fixtures.OldContract." + type, throwOnError: true)!, arguments));
    }

    private static ITemplateSource Source(string text)
    {
        var source = Substitute.For<ITemplateSource>();
        source.Path.Returns("x.old");
        source.Text.Returns(text);
        source.Include(Arg.Any<string>()).Returns(call => call.Arg<string>() + " as included");
        return source;
    }

    /// <summary>The contract's methods that the plugin's code names, with the number of their parameters.</summary>
    private static HashSet<string> Called(MetadataReader metadata)
    {
        var called = new HashSet<string>();
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference);
        foreach (var member in members.Where(member => member.GetKind() == MemberReferenceKind.Method))
        {
            if (OfTheContract(metadata, member.Parent) is not { } type)
                continue;
            var signature = metadata.GetBlobReader(member.Signature);
            Assert.False(signature.ReadSignatureHeader().IsGeneric);
            called.Add($"{type}.{metadata.GetString(member.Name)}/{signature.ReadCompressedInteger()}");
        }

        return called;
    }

    private static HashSet<string> Implemented(MetadataReader metadata) =>
    [
        .. metadata.TypeDefinitions.SelectMany(handle => metadata.GetTypeDefinition(handle).GetInterfaceImplementations())
            .Select(handle => OfTheContract(metadata, metadata.GetInterfaceImplementation(handle).Interface))
            .OfType<string>(),
    ];

    private static string? OfTheContract(MetadataReader metadata, EntityHandle handle)
    {
        if (handle.Kind != HandleKind.TypeReference)
            return null;
        var type = metadata.GetTypeReference((TypeReferenceHandle)handle);
        return metadata.GetString(type.Namespace) == Contract ? metadata.GetString(type.Name) : null;
    }
}
