using System.Text.Json;
using System.Text.RegularExpressions;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.Admin;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Readme;

/// <summary>Says what is wrong with a command, without running it.</summary>
internal static partial class CommandCheck
{
    private const string ContentType = "Content-Type: ";

    /// <summary>Options of programs that are not ours. Try a new one before adding it here.</summary>
    private static readonly string[] LlamaServerOptions = ["-m", "--port", "-np", "--slot-save-path"];
    private static readonly string[] DotnetOptionsWithValue =
        ["--configuration", "--output", "--project", "--filter", "--name", "--kind", "--add-source"];
    private static readonly string[] DotnetOptions =
        [.. DotnetOptionsWithValue, "--verify-no-changes", "--property:RestoreAdditionalProjectSources", "--global"];

    private static readonly string[] OptionsWithValue = [.. DotnetOptionsWithValue, "-H", "-X", "-d"];
    private static readonly string[] Known = ["mkdir", "cd", "cp", "docker"];
    private static readonly string[] Privileged = ["apt", "systemctl"];

    public static string ProjectTemplate { get; } =
        Path.Combine(Document.Root, "src", "Bioproxy.Templates", "content", "bioproxy-plugin", ".template.config", "template.json");

    /// <returns>Null when there is nothing wrong.</returns>
    public static async Task<string?> ProblemAsync(ShellCommand command) => command switch
    {
        { Program: var program } when Path.GetFileName(program) == "bioproxy" => await BioproxyAsync(command.Arguments),
        { Program: var program } when program.StartsWith("./scripts/", StringComparison.Ordinal) => Script(program, command.Arguments),
        { Program: "dotnet" } => await DotnetAsync(command.Arguments),
        { Program: "sudo" } when Privileged.Contains(command.Arguments[0]) => null,
        { Program: "sudo" } => await BioproxyAsync([.. command.Arguments.SkipWhile(word => word != "bioproxy").Skip(2)]),
        { Program: "curl" } => await CurlAsync(command.Arguments),
        { Program: "llama-server" } => Unknown(command.Arguments, LlamaServerOptions),
        { Program: var program } => Known.Contains(program) ? null : $"the test does not know the program {program}",
    };

    /// <summary>Asks the real command line, whose commands do nothing here.</summary>
    private static async Task<string?> BioproxyAsync(IReadOnlyList<string> arguments)
    {
        var nothing = new CommandActions(
            (_, _) => Done(),
            (_, _, _) => Done(),
            (_, _, _) => Done(),
            (_, _, _) => Done(),
            (_, _, _) => Done(),
            (_, _) => Done(),
            (_, _, _) => Done(),
            (_, _) => Done(),
            _ => Done(),
            (_, _) => Done(),
            (_, _, _) => Done());
        var error = new StringWriter();
        var exitCode = await CommandLineParser.InvokeAsync([.. arguments], nothing, TextWriter.Null, error);
        return exitCode == 0 ? null : error.ToString();

        static Task<int> Done() => Task.FromResult(0);
    }

    private static string? Script(string program, IReadOnlyList<string> arguments)
    {
        var path = Path.Combine(Document.Root, program);
        if (!File.Exists(path))
            return "there is no such script";
        if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute))
            return "the script is not executable";
        var text = File.ReadAllText(path);
        var unknown = arguments.FirstOrDefault(argument => !text.Contains(argument, StringComparison.Ordinal));
        return unknown is null ? null : $"the script does not know {unknown}";
    }

    private static async Task<string?> DotnetAsync(IReadOnlyList<string> arguments)
    {
        var own = arguments.TakeWhile(argument => argument != "--").ToList();
        if (Unknown(own, DotnetOptions) is { } unknown)
            return unknown;
        if (ValueOf(own, "--filter") is { } filter && !IsTest(filter.Split('~')[^1]))
            return $"no test has a name with {filter}";
        var project = ValueOf(own, "--project") ?? Positional(own).ElementAtOrDefault(1);
        if (own[0] == "tool")
            return Positional(own) is ["tool", "install" or "uninstall", "Bioproxy"] ? null : "there is no such tool";
        if (own[0] == "new")
            return New(Positional(own), ValueOf(own, "--kind"));
        var isOutside = project?.StartsWith("../", StringComparison.Ordinal) == true;
        if (!isOutside && !Path.Exists(Path.Combine(Document.Root, project ?? "none")))
            return $"there is no {project}";
        return own[0] == "run" ? await BioproxyAsync([.. arguments.Skip(own.Count + 1)]) : null;
    }

    /// <summary>What <c>--kind</c> accepts.</summary>
    public static IReadOnlyList<string> KindsOf(JsonDocument template) =>
    [
        .. template.RootElement.GetProperty("symbols").GetProperty("kind").GetProperty("choices").EnumerateArray()
            .Select(choice => choice.GetProperty("choice").GetString()!),
    ];

    private static string? New(List<string> positional, string? kind)
    {
        if (positional[1] == "install")
        {
            var version = VersionElement().Match(File.ReadAllText(Path.Combine(Document.Root, "Directory.Build.props"))).Groups[1].Value;
            return positional[2] == $"artifacts/packages/Bioproxy.Templates.{version}.nupkg" ? null : $"the version is {version}";
        }

        using var template = JsonDocument.Parse(File.ReadAllText(ProjectTemplate));
        if (positional[1] != template.RootElement.GetProperty("shortName").GetString())
            return $"there is no template {positional[1]}";
        return kind is null || KindsOf(template).Contains(kind) ? null : $"there is no kind {kind}";
    }

    private static async Task<string?> CurlAsync(IReadOnlyList<string> arguments)
    {
        var defaults = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/" };
        var address = new Uri(Positional(arguments).Single());
        var data = ValueOf(arguments, "-d");
        var method = ValueOf(arguments, "-X") ?? (data is null ? "GET" : "POST");
        if (data is not null)
            JsonDocument.Parse(data).Dispose();
        if (address.Port == defaults.ProxyPort)
        {
            var http = new DefaultHttpContext();
            (http.Request.Method, http.Request.Path) = (method, address.AbsolutePath);
            return Routes.Of(http.Request).Name == "other" ? $"{address.AbsolutePath} is not a known path" : null;
        }

        if (address.Port != defaults.AdminPort)
            return "this is neither the proxy's port nor the admin port";
        await using var admin = new AdminFixture();
        var header = arguments.FirstOrDefault(argument => argument.StartsWith(ContentType, StringComparison.Ordinal));
        var (_, unknown) = await admin.AskAsync("/there-is-no-such-page");
        var (response, body) = await admin.AskAsync(address.PathAndQuery, method, header?[ContentType.Length..]);
        return response.StatusCode is 405 or 415 || body == unknown ? body : null;
    }

    private static string? Unknown(IReadOnlyList<string> arguments, string[] known) =>
        arguments.FirstOrDefault(argument => argument.StartsWith('-') && !known.Contains(argument.Split('=')[0])) is { } option
            ? $"the test does not know the option {option}"
            : null;

    private static string? ValueOf(IReadOnlyList<string> arguments, string option) =>
        arguments.SkipWhile(argument => argument != option).ElementAtOrDefault(1);

    private static List<string> Positional(IReadOnlyList<string> arguments) =>
        [.. arguments.Where((argument, i) => !argument.StartsWith('-') && (i == 0 || !OptionsWithValue.Contains(arguments[i - 1])))];

    private static bool IsTest(string name) =>
        Directory.EnumerateFileSystemEntries(Path.Combine(Document.Root, "tests"), $"*{name}*", SearchOption.AllDirectories)
            .Any(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));

    [GeneratedRegex("<Version>(.*)</Version>")]
    private static partial Regex VersionElement();
}
