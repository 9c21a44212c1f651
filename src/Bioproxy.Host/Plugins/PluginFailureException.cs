namespace Bioproxy.Host.Plugins;

/// <summary>Carries a recorded failure of a plugin through code that cannot return it as a value.</summary>
internal sealed class PluginFailureException(PluginFailure failure) : Exception(failure.Message)
{
    public PluginFailure Failure { get; } = failure;
}
