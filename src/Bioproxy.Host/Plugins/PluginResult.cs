namespace Bioproxy.Host.Plugins;

/// <summary>
/// The outcome of fenced plugin calls; the default value is success. Unless it is success or an exception, the plugin may still be running,
/// so nothing that the plugin was given may be read, reused or recycled.
/// </summary>
/// <param name="Failure">The part that failed, or null.</param>
/// <param name="IsAnswered">A part blocked the request's thread, and the request was answered from another thread.</param>
/// <param name="ClientLeft">The caller's token was cancelled.</param>
internal readonly record struct PluginResult(PluginFailure? Failure = null, bool IsAnswered = false, bool ClientLeft = false)
{
    public bool Succeeded => Failure is null && !IsAnswered && !ClientLeft;
}
