using System.Composition;
using System.Composition.Hosting;
using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>Mistakes of plugin authors that need no DLL of their own to be shown.</summary>
public sealed class PluginExportsTests
{
    [Theory]
    [InlineData("It exports a transform without a name", typeof(PlainExport))]
    [InlineData("It exports two transforms named 'same'", typeof(Same1), typeof(Same2))]
    [InlineData("It exports a template engine without file extensions", typeof(NoExtension))]
    [InlineData("for the extension 'txt': an extension starts with a dot", typeof(NoDot))]
    [InlineData("It exports a response transform without a name: export it with [ResponseTransform(\"name\")].", typeof(PlainResponse))]
    [InlineData("It exports two handlers named 'same'", typeof(SameHandler1), typeof(SameHandler2))]
    [InlineData("The command '/slash' of its handler 'slash' is not valid", typeof(SlashHandler))]
    [InlineData("The command 'Rag' of its transform 'upper' is not valid", typeof(UpperCommand))]
    public void Resolve_WrongAttributes_SaysWhat(string expected, params Type[] parts)
    {
        using var container = new ContainerConfiguration().WithParts(parts).CreateContainer();

        var fault = Assert.Throws<PluginFaultException>(() => PluginExports.Resolve("p", container));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.Faulted, fault.State);
    }

    [Fact]
    public void Resolve_PartsWithCommandsAndALife_AreDescribedAndTheLifeIsTakenOnce()
    {
        using var container = new ContainerConfiguration().WithParts(typeof(Rag), typeof(OneHandler)).CreateContainer();

        var exports = PluginExports.Resolve("p", container);

        Assert.Equal(["transform: rag (order 3, /rag)", "handler: same (order 0)", "life cycle"], exports.Describe());
        Assert.True(Assert.Single(exports.Transforms).RunsForHistory);
        Assert.IsType<Rag>(Assert.Single(exports.TakeLifetimes()));
        Assert.Empty(exports.TakeLifetimes());
    }

    [Fact]
    public void Describe_ImportNobodyExports_IsOneSentence()
    {
        using var container = new ContainerConfiguration().WithParts(typeof(Needy)).CreateContainer();

        var error = Assert.ThrowsAny<Exception>(() => PluginExports.Resolve("p", container));
        var text = PluginFaults.Describe(error);

        Assert.StartsWith("Its parts cannot be composed (No export was found for the contract "
            + "'IDisposable'", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
    }

    [Export(typeof(IPromptTransform))]
    private sealed class PlainExport : Nothing;

    [PromptTransform("same")]
    private sealed class Same1 : Nothing;

    [PromptTransform("same")]
    private sealed class Same2 : Nothing;

    [PromptTransform("needy")]
    [method: ImportingConstructor]
    private sealed class Needy(IDisposable imported) : Nothing
    {
        public IDisposable Imported { get; } = imported;
    }

    [Export(typeof(IResponseTransform))]
    private sealed class PlainResponse : IResponseTransform
    {
        public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => null;
    }

    [RequestHandler("same")]
    private sealed class SameHandler1 : NoHandler;

    [RequestHandler("same")]
    private sealed class SameHandler2 : NoHandler;

    [RequestHandler("same")]
    private sealed class OneHandler : NoHandler;

    [RequestHandler("slash", Command = "/slash")]
    private sealed class SlashHandler : NoHandler;

    [PromptTransform("upper", Command = "Rag")]
    private sealed class UpperCommand : Nothing;

    [PromptTransform("rag", Order = 3, Command = "rag", RunsForHistory = true)]
    [Export(typeof(IPluginLifetime))]
    [Shared]
    private sealed class Rag : Nothing, IPluginLifetime
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [TemplateEngine]
    private sealed class NoExtension : NoEngine;

    [TemplateEngine("txt")]
    private sealed class NoDot : NoEngine;

    private abstract class Nothing : IPromptTransform
    {
        public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }

    private abstract class NoHandler : IRequestHandler
    {
        public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) => ValueTask.FromResult(false);
    }

    private abstract class NoEngine : ITemplateEngine
    {
        public ITemplate Parse(ITemplateSource source) => throw new TemplateException("none");
    }
}
