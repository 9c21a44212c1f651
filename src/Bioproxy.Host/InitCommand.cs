using System.Globalization;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy init</c>: three questions, and a configuration that says what it means.</summary>
/// <param name="answers">What the user types.</param>
/// <param name="output">The questions.</param>
/// <param name="found">The servers that are running.</param>
internal sealed class InitCommand(TextReader answers, TextWriter output, IReadOnlyList<FoundServer> found)
{
    private static readonly FoundServer Default = new(new Uri("http://localhost:8081"), "llama-server, not running now");

    public static async Task<int> RunAsync(ConfigurationInput input, bool asksNothing, CancellationToken cancellationToken)
    {
        var file = ConfigurationLoader.FileOf(input);
        if (File.Exists(file))
        {
            await Console.Error.WriteLineAsync($"There is a configuration already, which is left as it is: {file}");
            return Commands.Failed;
        }

        var found = await ServerSearch.RunAsync(ServerSearch.UsualPorts, cancellationToken);
        var command = new InitCommand(asksNothing ? TextReader.Null : Console.In, Console.Out, found);
        try
        {
            await command.WriteAsync(file, cancellationToken);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"bioproxy init failed: {e.Message}");
            return Commands.Failed;
        }
    }

    /// <summary>Asks, and writes the file with its schema and an example of a template beside it.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public async Task WriteAsync(string file, CancellationToken cancellationToken)
    {
        var server = await AskServerAsync(cancellationToken);
        var folder = await AskFolderAsync(cancellationToken);
        var key = await AskForOthersAsync(cancellationToken) ? KeyCommand.NewKey() : null;
        var configuration = new InitialConfiguration(server, folder, key is null ? null : KeyHash.OfKey(key));

        var directory = Path.GetDirectoryName(file)!;
        Directory.CreateDirectory(directory);
        await using (var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write))
        await using (var writer = new StreamWriter(stream))
            await writer.WriteAsync(configuration.ToText().AsMemory(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "config.schema.json"), ConfigurationSchema.Text, cancellationToken);
        await WriteTemplateAsync(Path.Combine(directory, InitialConfiguration.Template), cancellationToken);

        await SayAsync($"\nWritten: {file} (for {server.Kind} at {server.Url.OriginalString})", cancellationToken);
        if (key is not null)
            await SayAsync($"The key for other machines, which is shown only now:\n  {key}", cancellationToken);
        await SayAsync("bioproxy check looks whether all is well; bioproxy starts the proxy.", cancellationToken);
    }

    /// <summary>One that is there already may be the user's.</summary>
    private static async Task WriteTemplateAsync(string file, CancellationToken cancellationToken)
    {
        if (File.Exists(file))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await using var template = typeof(InitCommand).Assembly.GetManifestResourceStream(InitialConfiguration.Template)!;
        await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
        await template.CopyToAsync(stream, cancellationToken);
    }

    private async Task<FoundServer> AskServerAsync(CancellationToken cancellationToken)
    {
        var first = found.Count > 0 ? found[0] : Default;
        await SayAsync(found.Count > 0 ? "Servers that are running here:" : "No server is running on the usual ports.", cancellationToken);
        foreach (var (index, server) in found.Index())
            await SayAsync($"  {index + 1}  {server.Url.OriginalString}  {server.Kind}", cancellationToken);
        while (true)
        {
            var which = found.Count > 1 ? "a number or an address" : "an address";
            var answer = await AskAsync($"1. The server behind the proxy, {which} [{first.Url.OriginalString}]: ", cancellationToken);
            if (answer.Length == 0)
                return first;
            if (int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && found.ElementAtOrDefault(number - 1) is { } chosen)
                return chosen;
            if (ValueReaders.BackendUrl.TryRead(answer, out var url))
                return found.FirstOrDefault(server => server.Url == url) ?? new FoundServer(url, "not asked what it is");
            await SayAsync($"   That is not {ValueReaders.BackendUrl.Accepted}.", cancellationToken);
        }
    }

    private async Task<string?> AskFolderAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await AskAsync(
                "2. The folder of its --slot-save-path, if this machine can see it [none]: ", cancellationToken);
            if (answer.Length == 0)
                return null;
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (ConfigurationPaths.Resolve(answer, Directory.GetCurrentDirectory(), home) is { } folder && Directory.Exists(folder))
                return folder;
            await SayAsync("   There is no such folder.", cancellationToken);
        }
    }

    private async Task<bool> AskForOthersAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync("3. May other machines connect, with a key that is made now? [y/N]: ", cancellationToken);
        return answer.StartsWith('y') || answer.StartsWith('Y');
    }

    /// <returns>The answer; empty for the default, also when nobody answers.</returns>
    private async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        await output.WriteAsync(question.AsMemory(), cancellationToken);
        await output.FlushAsync(cancellationToken);
        if (await answers.ReadLineAsync(cancellationToken) is { } answer)
            return answer.Trim();
        await SayAsync("", cancellationToken);
        return "";
    }

    private Task SayAsync(string line, CancellationToken cancellationToken) => output.WriteLineAsync(line.AsMemory(), cancellationToken);
}
