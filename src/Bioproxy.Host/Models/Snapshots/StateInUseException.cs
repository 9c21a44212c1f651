namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Another process uses the same state folder.</summary>
internal sealed class StateInUseException(string folder)
    : IOException($"another bioproxy uses {folder}; give each a state_directory of its own");
