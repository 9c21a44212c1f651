using System.Composition.Hosting;
using System.Reflection;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>Describes a failure of a plugin's code in one line, with the remedy.</summary>
internal static class PluginFaults
{
    public const string CopyEverything =
        "copy the complete output of 'dotnet publish', with the .deps.json, into a folder of the plugin's own "
        + "(a single DLL gets no other assemblies).";

    public static string Describe(Exception exception)
    {
        var cause = Unwrap(exception);
        return cause switch
        {
            FileNotFoundException { FileName: { Length: > 0 } file } when LooksLikeAssembly(file) =>
                $"It needs the assembly '{ShortName(file)}', which is neither in its folder nor in the host: {CopyEverything}",
            FileLoadException { FileName: { Length: > 0 } file } when LooksLikeAssembly(file) =>
                $"It needs the assembly '{ShortName(file)}', which cannot be loaded ({OneLine(cause.Message)}): "
                + "rebuild the plugin against the versions of the host.",
            TypeLoadException or MissingMemberException =>
                $"It does not match the host's contract ({OneLine(cause.Message)}): "
                + $"rebuild it against the host's {ContractAssemblies.Contract}.",
            CompositionFailedException =>
                $"Its parts cannot be composed ({OneLine(cause.Message)}): a constructor may only import {nameof(IPluginHost)}, "
                + $"{nameof(IPluginServices)} and the plugin's own exports.",
            PluginSettingsException => cause.Message,
            _ => $"{cause.GetType().Name}: {OneLine(cause.Message)}",
        };
    }

    private static Exception Unwrap(Exception exception) => exception switch
    {
        ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } => Unwrap(first),
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        TypeInitializationException { InnerException: { } inner } => Unwrap(inner),
        _ => exception,
    };

    private static bool LooksLikeAssembly(string file) => file.Contains(", Version=", StringComparison.Ordinal);

    private static string ShortName(string file)
    {
        var culture = file.IndexOf(", Culture=", StringComparison.Ordinal);
        return culture < 0 ? file : file[..culture];
    }

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.');
}
