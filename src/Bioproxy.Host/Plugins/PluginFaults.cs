using System.Composition.Hosting;
using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>Puts what went wrong with a plugin's code into one sentence with the remedy.</summary>
internal static class PluginFaults
{
    public static string Describe(Exception exception)
    {
        var cause = Unwrap(exception);
        return cause switch
        {
            FileNotFoundException { FileName: { Length: > 0 } file } when LooksLikeAssembly(file) =>
                $"It needs the assembly '{ShortName(file)}', which is neither beside it nor in the host: copy the whole output of 'dotnet publish' into the plugin's folder.",
            FileLoadException { FileName: { Length: > 0 } file } when LooksLikeAssembly(file) =>
                $"It needs the assembly '{ShortName(file)}', which cannot be loaded ({OneLine(cause.Message)}): rebuild the plugin against the versions the host has.",
            TypeLoadException or MissingMemberException =>
                $"It does not fit the host's contract ({OneLine(cause.Message)}): rebuild it against the host's Bioproxy.Abstractions.",
            CompositionFailedException =>
                $"Its parts do not fit together ({OneLine(cause.Message)}): a constructor may import {nameof(Abstractions.IPluginHost)}, {nameof(Abstractions.IPluginServices)} and the plugin's own exports only.",
            Abstractions.PluginSettingsException => cause.Message,
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
